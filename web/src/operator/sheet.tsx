/** Questions and forms over the page: the focus is theirs, and goes back where it was. */
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface SheetProps {
  title: string;
  onClose: () => void;
  /** What the button says that does it; without one, there is nothing to do but to close. */
  action?: string;
  /** It hits everybody who is watching. */
  grave?: boolean;
  /** Closes the sheet where it resolves to true. */
  onAct?: () => Promise<boolean> | boolean;
  children: ComponentChildren;
}

export function Sheet({ title, onClose, action, grave, onAct, children }: SheetProps) {
  const id = useId();
  const ref = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);

  useLayoutEffect(() => {
    const before = document.activeElement;
    const dialog = ref.current!;
    dialog.showModal();
    dialog.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => {
      dialog.close(); // While it is open, nothing else takes the focus.
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
          <button type="button" class="button" data-first={grave ? '' : undefined} onClick={onClose}>
            {action === undefined ? 'Close' : 'Cancel'}
          </button>
          {action !== undefined && (
            <button type="submit" class={`button ${grave ? 'button-danger' : 'button-primary'}`} aria-disabled={busy}>
              {action}
            </button>
          )}
        </div>
      </form>
    </dialog>
  );
}
