/** The corner of the picture: live or the time behind live, sleep timer, clock. */
import { behindText, isBehind } from '../../../src/contract/viewing.js';
import { behindWords, clockText, leftText } from '../state/texts.js';
import { Icon } from '../ui/icons.js';
import { usePage } from '../ui/use-page.js';

export function Badge() {
  const page = usePage();
  const screen = page.screen.value;
  const behind = screen?.behind.value ?? null;
  const status = screen?.status.value ?? 'off';
  const isSeen = status !== 'off' && status !== 'ended';
  const late = isBehind(behind);
  const { sleepAt } = page.state.value;
  return (
    <div class="corner" data-late={late}>
      {sleepAt !== null && (
        <span class="corner-sleep">
          <Icon name="moon" />
          <span class="visually-hidden">Sleep timer: </span>
          {leftText(sleepAt, page.clock.value)}
        </span>
      )}
      {isSeen && (
        <button
          type="button"
          class="badge"
          aria-label={late ? `${behindText(behind)}: ${behindWords(behind)}. Back to live` : 'Live'}
          onClick={() => page.key('l')}
        >
          {late ? behindText(behind) : 'Live'}
        </button>
      )}
      <time class="corner-time">{clockText(page.clock.value)}</time>
    </div>
  );
}
