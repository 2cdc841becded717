import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** For a dialog element: opens it, focuses its element with `data-first`, and returns the focus when it is gone. */
export function useDialog({ modal }: { modal: boolean }): RefObject<HTMLDialogElement | null> {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = ref.current!;
    const before = document.activeElement;
    if (modal) dialog.showModal();
    else dialog.show();
    dialog.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => {
      dialog.close(); // An open modal dialog keeps the focus.
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, [modal]);
  return ref;
}
