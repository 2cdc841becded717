/**
 * Copies to the clipboard; false where the browser refuses. Over plain HTTP pages have no clipboard, but they can copy a
 * selection.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.setAttribute('aria-hidden', 'true');
    field.className = 'visually-hidden';
    const before = document.activeElement;
    // While a dialog is open, nothing outside of it can be selected.
    (document.querySelector('dialog[open]') ?? document.body).append(field);
    field.select();
    const copied = document.execCommand('copy');
    field.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    return copied;
  }
}
