/** The light that the marked station's picture throws on the wall behind it. */
import { usePage } from '../ui/use-page.js';

export function Backdrop() {
  const page = usePage();
  const marked = page.marked.value;
  const still = marked === null ? undefined : page.engine.thumbnails.value.get(marked);
  return (
    <div class="backdrop" aria-hidden="true">
      {still !== undefined && <img src={still} alt="" decoding="async" />}
    </div>
  );
}
