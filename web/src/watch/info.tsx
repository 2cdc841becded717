/** The lower third: station, now and next. */

import type { LiveStation } from '../../../src/contract/live.js';
import { codecsText } from '../../../src/contract/station-text.js';
import { isBehind } from '../../../src/contract/viewing.js';
import { isNamesake, nowAndNext } from '../state/programmes.js';
import { leftText, pictureText, spanText } from '../state/texts.js';
import { usePage } from '../ui/use-page.js';

export function Info({ station }: { station: LiveStation | null }) {
  const page = usePage();
  if (!station) return <div class="info" />;
  const screen = page.screen.value;
  const time = screen?.time.value ?? page.clock.value;
  const { now, next } = nowAndNext(station, page.guide.around.value, time);
  const left = isBehind(screen?.behind.value ?? null) ? '' : leftText(now.to, time);
  return (
    <div class="info">
      <p class="info-station">
        <span class="info-number">{station.number}</span>
        {!isNamesake(station, now) && (
          <span class="info-name clip" dir="auto">
            {station.name}
          </span>
        )}
      </p>
      <p class="info-title" dir="auto">
        {now.title}
      </p>
      <p class="info-line">
        <span>{[spanText(now), left].filter(Boolean).join(' · ')}</span>
        {next && (
          <span class="info-next">
            <span>Next:</span>{' '}
            <span class="clip" dir="auto">
              {next.title}
            </span>
          </span>
        )}
      </p>
      <p class="info-line info-stats note">
        {pictureText(station)} · {codecsText(station)}
      </p>
    </div>
  );
}
