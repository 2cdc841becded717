/** A form in a modal dialog: takes the focus and returns it. */
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface SheetProps {
  title: string;
  onClose: () => void;
  /** Label of the submit button; without one, the dialog can only be closed. */
  action?: string;
  /** The action affects viewers: the focus starts on Cancel. */
  isDangerous?: boolean;
  /** The dialog closes if this resolves to true. */
  onAct?: () => Promise<boolean> | boolean;
  children: ComponentChildren;
}

export function Sheet({ title, onClose, action, isDangerous, onAct, children }: SheetProps) {
  const id = useId();
  const ref = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);

  useLayoutEffect(() => {
    const before = document.activeElement;
    const dialog = ref.current!;
    dialog.showModal();
    dialog.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => {
      dialog.close(); // An open modal dialog keeps the focus.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  const act = async (event: Event) => {
    event.preventDefault();
    if (busy || !onAct) return;
    setBusy(true);
    try {
      if (await onAct()) onClose();
    } finally {
      setBusy(false);
    }
  };

  return (
    <dialog
      ref={ref}
      class="sheet"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <form method="dialog" class="sheet-form" onSubmit={act}>
        <h2 id={id}>{title}</h2>
        {children}
        <div class="sheet-buttons">
          <button type="button" class="button" data-first={isDangerous ? '' : undefined} onClick={onClose}>
            {action === undefined ? 'Close' : 'Cancel'}
          </button>
          {action !== undefined && (
            <button
              type="submit"
              class={`button ${isDangerous ? 'button-danger' : 'button-primary'}`}
              aria-disabled={busy}
            >
              {action}
            </button>
          )}
        </div>
      </form>
    </dialog>
  );
}
