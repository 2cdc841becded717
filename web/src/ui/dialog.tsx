/** A dialog over the page: takes the focus, keeps it, and returns it. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { directionOf, stepFocus } from './focus.js';
import { IconButton } from './icon-button.js';
import { Messages } from './messages.js';
import { useDialog } from './use-dialog.js';
import { usePage } from './use-page.js';

interface DialogProps {
  title: string;
  /** Class for its look and position. */
  class: string;
  /** False: the rest of the page stays reachable. */
  modal?: boolean;
  /** Beside the title. */
  head?: ComponentChildren;
  /** Whether arrows move through its buttons in order; otherwise its content handles them. */
  arrows?: boolean;
  children: ComponentChildren;
}

const BUTTONS = 'a[href], button, input';

export function Dialog({ title, class: look, modal = true, head, arrows = true, children }: DialogProps) {
  const page = usePage();
  const id = useId();
  const ref = useDialog({ modal });

  const onKeyDown = (event: KeyboardEvent) => {
    const direction = directionOf(event);
    const by = direction === 'up' ? -1 : direction === 'down' ? 1 : { PageUp: -8, PageDown: 8 }[event.key];
    if (!arrows || by === undefined) return;
    event.preventDefault();
    stepFocus(ref.current!, BUTTONS, by);
  };

  return (
    <dialog
      ref={ref}
      class={`dialog ${look}`}
      aria-labelledby={id}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        event.preventDefault();
        page.key('esc');
      }}
      onClick={(event) => {
        if (modal && event.target === ref.current) page.key('esc');
      }}
    >
      <div class="dialog-inside">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          {head}
          {modal && <IconButton icon="close" label="Close" onClick={() => page.key('esc')} />}
        </header>
        {children}
      </div>
      {modal && <Messages />}
    </dialog>
  );
}
