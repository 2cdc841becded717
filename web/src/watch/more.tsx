/** Functions without a button among the controls, and the sleep timer. */
import { findStation, focused, MOST_PICTURES } from '../state/state.js';
import { leftText } from '../state/texts.js';
import { Dialog } from '../ui/dialog.js';
import { Icon, type IconName } from '../ui/icons.js';
import { usePage } from '../ui/use-page.js';

interface Item {
  icon: IconName;
  text: string;
  press: string;
}

export function More() {
  const page = usePage();
  const { pictures, statistics } = page.state.value;
  const station = findStation(page.state.value, focused(page.state.value)?.station);
  const items: (Item | false)[] = [
    pictures.length < MOST_PICTURES && { icon: 'add', text: 'Add a picture', press: 'a' },
    pictures.length > 1 && { icon: 'remove', text: 'Remove this picture', press: 'x' },
    station?.languages !== undefined &&
      station.languages.length > 1 && { icon: 'sound', text: 'Next track of sound', press: 'b' },
    station?.subtitles !== undefined && { icon: 'subtitles', text: 'Subtitles', press: 'v' },
    page.screen.value?.pictureInPicture != null && { icon: 'inset', text: 'Picture in picture', press: 'o' },
    { icon: 'link', text: 'Copy a link to this moment', press: 'u' },
    { icon: 'moon', text: 'Sleep timer', press: 't' },
    { icon: 'stats', text: statistics ? 'Hide statistics' : 'Statistics', press: 's' },
    { icon: 'keys', text: 'Keys', press: '?' },
  ];
  return (
    <Dialog title="More" class="sheet">
      <ul class="choices">
        {items
          .filter((item) => item !== false)
          .map(({ icon, text, press }, index) => (
            <li key={press}>
              <button
                type="button"
                class="option"
                data-first={index === 0 ? '' : undefined}
                onClick={() => {
                  page.send({ type: 'close' });
                  page.key(press);
                }}
              >
                <Icon name={icon} />
                <span>{text}</span>
                <span class="key" aria-hidden="true">
                  {press}
                </span>
              </button>
            </li>
          ))}
      </ul>
    </Dialog>
  );
}

const MINUTES = [15, 30, 45, 60, 90, 120];

export function Timer() {
  const page = usePage();
  const { sleepAt } = page.state.value;
  return (
    <Dialog title="Sleep timer" class="sheet">
      <p class="sheet-text">{sleepAt === null ? 'Stop after' : `Stops: ${leftText(sleepAt, page.clock.value)}`}</p>
      <ul class="choices choices-short">
        {MINUTES.map((minutes, index) => (
          <li key={minutes}>
            <button
              type="button"
              class="option"
              data-first={index === 1 ? '' : undefined}
              onClick={() => page.send({ type: 'sleep', minutes })}
            >
              <span>{minutes} minutes</span>
            </button>
          </li>
        ))}
        {sleepAt !== null && (
          <li>
            <button type="button" class="option" onClick={() => page.send({ type: 'sleep', minutes: null })}>
              <span>Off</span>
            </button>
          </li>
        )}
      </ul>
    </Dialog>
  );
}
