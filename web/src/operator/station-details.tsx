/** A station's commands, items, addresses and charts. */
import { useEffect, useState } from 'preact/hooks';
import type { LineUpStation } from '../../../src/contract/api.js';
import { api, type SimpleAction } from './api.js';
import { Button } from './button.js';
import { ItemList } from './items.js';
import { StationLinks } from './links.js';
import { RenameSheet } from './rename-sheet.js';
import { Sheet } from './sheet.js';
import { ShowSheet } from './show-sheet.js';
import { Tile } from './summary.js';
import { millisOf, rateOf, shareOf } from './texts.js';
import { useStore } from './use-store.js';

type Open = 'stop' | 'rename' | 'show' | null;

export function StationDetails({ station }: { station: LineUpStation }) {
  const store = useStore();
  const { info } = station;
  useEffect(() => void store.loadStationHistory(info.id), [store, info.id]);
  return (
    <div class="details">
      <Actions station={station} />
      <Plots station={station} />
      <div class="details-columns">
        <ItemList station={station} />
        <section>
          <h3>Addresses</h3>
          <StationLinks station={info} />
          <p class="hint">
            {info.width}×{info.height}, {info.aspectRatio}, {info.frameRate} frames/s, {info.videoCodec}
            {info.audioCodec !== null && ` and ${info.audioCodec}`}; random access every {info.randomAccessInterval} s
            at most
          </p>
        </section>
      </div>
    </div>
  );
}

function Plots({ station: { info } }: { station: LineUpStation }) {
  const { samples, stats } = useStore();
  const now = stats.value?.stations.find(({ id }) => id === info.id);
  if (!now) return null;
  const mine = samples.station(info.id);
  const viewers = { value: String(now.viewers + now.receivers), unit: '' };
  return (
    <div class="tiles tiles-small">
      <Tile title="Rate" now={rateOf(now.rate)} name="rate" samples={mine} />
      <Tile title="Send jitter" now={millisOf(now.lateness)} name="lateness" samples={mine} />
      <Tile title="Viewers known" now={viewers} name="viewers" samples={mine} />
      <Tile title="Loss reported" now={shareOf(now.loss.p95)} name="loss" samples={mine} />
    </div>
  );
}

function Actions({ station }: { station: LineUpStation }) {
  const store = useStore();
  const [open, setOpen] = useState<Open>(null);
  const { info, actions, slate } = station;
  const slates = store.lineUp.value?.slates ?? [];
  const can = (action: LineUpStation['actions'][number]) => actions.includes(action);
  const act = (action: SimpleAction, done: string) => () =>
    store.attempt(() => api.act(info.id, action), `${info.name}: ${done}`);
  const close = () => setOpen(null);
  return (
    <div class="actions">
      <a class="button" href={`/#/${encodeURIComponent(info.id)}`}>
        Watch
      </a>
      {can('start') && <Button onClick={() => void act('start', 'on the air')()}>Start</Button>}
      {can('skip') && <Button onClick={() => void act('skip', 'skipped to the next item')()}>Skip</Button>}
      {(can('show') || can('resume')) && slates.length > 0 && <Button onClick={() => setOpen('show')}>Show …</Button>}
      {can('rename') && <Button onClick={() => setOpen('rename')}>Rename …</Button>}
      {can('reload') && <Button onClick={() => void act('reload', 'files reloaded')()}>Reload</Button>}
      {can('stop') && (
        <Button kind="danger" onClick={() => setOpen('stop')}>
          Stop …
        </Button>
      )}
      {open === 'stop' && (
        <Sheet
          title={`Take ${info.name} off the air?`}
          action="Stop"
          isDangerous
          onClose={close}
          onAct={act('stop', 'off the air')}
        >
          <p>All its viewers will lose the picture.</p>
        </Sheet>
      )}
      {open === 'rename' && <RenameSheet station={station} onClose={close} />}
      {open === 'show' && <ShowSheet station={station} slates={slates} shown={slate} onClose={close} />}
    </div>
  );
}
