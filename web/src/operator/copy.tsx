/** An address, and a button that copies it. */
import { copyText } from '../ui/copy-text.js';
import { Button } from './button.js';
import { useStore } from './use-store.js';

export function CopyRow({ title, address }: { title: string; address: string }) {
  const store = useStore();
  const copy = async () => {
    const copied = await copyText(address);
    store.notify(
      copied ? `Copied: ${title}` : 'The browser does not allow copying: select the address instead.',
      !copied,
    );
  };
  return (
    <li class="copy">
      <span class="note">{title}</span>
      <code>{address}</code>
      <Button kind="small" aria-label={`Copy ${title}`} onClick={() => void copy()}>
        Copy
      </Button>
    </li>
  );
}
