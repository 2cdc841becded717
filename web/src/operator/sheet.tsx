/** A form in a modal dialog: takes the focus and returns it. */
import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { useDialog } from '../ui/use-dialog.js';
import { Button } from './button.js';

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
  const ref = useDialog({ modal: true });
  const [busy, setBusy] = useState(false);

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
          <Button data-first={isDangerous ? '' : undefined} onClick={onClose}>
            {action === undefined ? 'Close' : 'Cancel'}
          </Button>
          {action !== undefined && (
            <Button type="submit" kind={isDangerous ? 'danger' : 'primary'} aria-disabled={busy}>
              {action}
            </Button>
          )}
        </div>
      </form>
    </dialog>
  );
}
