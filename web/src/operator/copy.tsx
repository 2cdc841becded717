/** An address, and a button that copies it. */
import { useStore } from './use-store.js';

/** Over plain HTTP browsers have no clipboard for pages, but they still copy what is selected. */
async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    const copied = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    if (copied) return true;
  }
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'visually-hidden';
  // Inside of a dialog: nothing else can be selected while one is open.
  (document.querySelector('dialog[open]') ?? document.body).append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  return copied;
}

export function CopyRow({ title, address }: { title: string; address: string }) {
  const store = useStore();
  const copy = async () => {
    const copied = await copyText(address);
    store.tell(copied ? `Copied: ${title}` : 'The browser does not copy: select the address.', !copied);
  };
  return (
    <li class="copy">
      <span class="copy-title">{title}</span>
      <code>{address}</code>
      <button type="button" class="button button-small" aria-label={`Copy ${title}`} onClick={() => void copy()}>
        Copy
      </button>
    </li>
  );
}
