/** The table of known viewers. */
import { useState } from 'preact/hooks';
import type { ApiViewer, ReceiverSession } from '../../../src/contract/api.js';
import { api } from './api.js';
import { Button } from './button.js';
import { Sheet } from './sheet.js';
import { bytesOf, countOf, durationOf, millisOf, textOf } from './texts.js';
import { useStore } from './use-store.js';

const kinds: Readonly<Record<ApiViewer['kind'], string>> = { ts: 'HTTP', hls: 'HLS', mjpeg: 'JPEG', live: 'Page' };

export function Viewers() {
  const { viewers, lineUp } = useStore();
  const [leaving, setLeaving] = useState<ApiViewer | null>(null);
  const { viewers: byHttp, receivers, totals } = viewers.value;
  const names = new Map((lineUp.value?.stations ?? []).map(({ info }) => [info.id, info.name]));
  const nameOf = (station: string): string => names.get(station) ?? station;
  const more = totals.viewers - byHttp.length + totals.receivers - receivers.length;
  return (
    <section class="block" aria-labelledby="viewers">
      <header class="block-head">
        <h2 id="viewers">Viewers</h2>
        <p class="hint">
          {totals.viewers} by HTTP, {countOf(totals.receivers, 'receiver')} of groups. Receivers that only join a group
          do not report and are not counted.
        </p>
      </header>
      {byHttp.length + receivers.length === 0 ? (
        <p class="nothing">No known viewers.</p>
      ) : (
        <table class="viewers">
          <thead>
            <tr>
              <th scope="col">Address</th>
              <th scope="col">Station</th>
              <th scope="col">By</th>
              <th scope="col">For</th>
              <th scope="col">Sent</th>
              <th scope="col">Quality</th>
              <th scope="col">
                <span class="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {byHttp.map((viewer) => (
              <ViewerRow
                key={viewer.id}
                viewer={viewer}
                station={nameOf(viewer.station)}
                onLeave={() => setLeaving(viewer)}
              />
            ))}
            {receivers.map((receiver) => (
              <ReceiverRow
                key={`${receiver.address}:${receiver.port}`}
                receiver={receiver}
                station={nameOf(receiver.station)}
              />
            ))}
          </tbody>
        </table>
      )}
      {more > 0 && <p class="nothing">and {more} more</p>}
      {leaving && <LeaveSheet viewer={leaving} station={nameOf(leaving.station)} onClose={() => setLeaving(null)} />}
    </section>
  );
}

function ViewerRow({ viewer, station, onLeave }: { viewer: ApiViewer; station: string; onLeave: () => void }) {
  const store = useStore();
  const { address, kind, since, bytes } = viewer;
  return (
    <tr>
      <th scope="row" class="viewer-address">
        {address}
      </th>
      <td data-title="Station">
        <bdi>{station}</bdi>
      </td>
      <td data-title="By">{kinds[kind]}</td>
      <td data-title="For">{durationOf(store.now() - since)}</td>
      <td data-title="Sent">{textOf(bytesOf(bytes))}</td>
      <td data-title="Quality">
        <Quality {...viewer} />
      </td>
      <td>
        <Button kind="small" aria-label={`Disconnect ${address}`} onClick={onLeave}>
          Disconnect
        </Button>
      </td>
    </tr>
  );
}

function Quality({ behind, moved, report }: ApiViewer) {
  const parts = [`${textOf(millisOf(Math.max(0, behind)))} behind`];
  if (moved > 0) parts.push(`too slow ${moved === 1 ? 'once' : `${moved} times`}`);
  if (report !== null) {
    parts.push(`${textOf(millisOf(report.buffer))} ahead`);
    if (report.droppedFrames > 0) parts.push(countOf(report.droppedFrames, 'frame dropped', 'frames dropped'));
    if (report.stalls > 0) parts.push(countOf(report.stalls, 'stall'));
    if (report.offset !== null) parts.push(`${textOf(millisOf(report.offset))} off`);
  }
  const troubled = moved > 0 || (report?.stalls ?? 0) > 0;
  return <span class={troubled ? 'warn' : ''}>{parts.join(', ')}</span>;
}

function ReceiverRow({ receiver, station }: { receiver: ReceiverSession; station: string }) {
  const store = useStore();
  return (
    <tr>
      <th scope="row" class="viewer-address">
        {receiver.address}
      </th>
      <td data-title="Station">
        <bdi>{station}</bdi>
      </td>
      <td data-title="By">Group</td>
      <td data-title="For" />
      <td data-title="Sent" />
      <td data-title="Quality">
        {receiver.state}, last seen {durationOf(store.now() - receiver.lastSeen)} ago
      </td>
      <td />
    </tr>
  );
}

function LeaveSheet({ viewer, station, onClose }: { viewer: ApiViewer; station: string; onClose: () => void }) {
  const store = useStore();
  return (
    <Sheet
      title={`Disconnect ${viewer.address}?`}
      action="Disconnect"
      isDangerous
      onClose={onClose}
      onAct={() => store.attempt(() => api.disconnect(viewer.id), `${viewer.address} was disconnected`)}
    >
      <p>It is watching {station}. It can reconnect at any time.</p>
    </Sheet>
  );
}
