/** The table of keys. */
import { keyTable } from '../state/keys.js';
import { Dialog } from '../ui/dialog.js';
import './keys.css';

export const Keys = () => (
  <Dialog title="Keys" class="sheet sheet-wide" arrows={false}>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling element must be reachable by keyboard */}
    <section class="keys" tabIndex={0} aria-label="All keys">
      {keyTable.map(({ title, keys }) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl>
            {keys.map(([names, does]) => (
              <div key={names}>
                <dt>
                  {names
                    .split(/(, | … )/)
                    .map((part) => (part === ', ' || part === ' … ' ? part : <kbd key={part}>{part}</kbd>))}
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </section>
  </Dialog>
);
