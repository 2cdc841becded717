/** The blurred thumbnail of the marked station behind the wall. */
import { usePage } from '../ui/use-page.js';

export function Backdrop() {
  const page = usePage();
  const marked = page.marked.value;
  const thumbnail = marked === null ? undefined : page.engine.thumbnails.value.get(marked);
  return (
    <div class="backdrop" aria-hidden="true">
      {thumbnail !== undefined && <img src={thumbnail} alt="" decoding="async" />}
    </div>
  );
}
