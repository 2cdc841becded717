/** The menu of a paused picture. */
import { menuItems } from '../../../src/contract/viewing.js';
import { Dialog } from '../ui/dialog.js';
import { usePage } from '../ui/use-page.js';

export function Menu() {
  const page = usePage();
  const items = menuItems(page.screen.value?.behind.value ?? null);
  return (
    <Dialog title="Paused" class="menu" modal={false}>
      <ol class="menu-items">
        {items.map((text, index) => (
          <li key={text}>
            <button
              type="button"
              class="option"
              data-first={text === 'Resume' ? '' : undefined}
              onClick={() => page.key(String(index + 1))}
            >
              <span class="key" aria-hidden="true">
                {index + 1}
              </span>
              <span>{text}</span>
            </button>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
