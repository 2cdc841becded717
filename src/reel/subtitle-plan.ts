/** The pages of DVB subtitles as the multiplexer takes them. */
import { Ticks90k } from '../base/units.js';
import type { SubtitlePages } from '../media/spool.js';
import type { PesSource } from './pes-source.js';

/**
 * Pages leave ahead of the pictures that they are shown with, which leave up to 250 ms early where they are reordered: programs that draw
 * pages decode both in the order in which they come.
 */
const WAIT = Ticks90k(-22_500);

export function planSubtitles({ pages, ...on }: { pages: SubtitlePages; pid: number; streamId: number }): PesSource {
  return {
    ...on,
    wait: WAIT,
    sizes: Uint32Array.from(pages, ({ data }) => data.length),
    ptsOf: (pes) => pages[pes]!.pts,
    open: () => ({
      read(out, offset, pes) {
        pages[pes]!.data.copy(out, offset);
      },
      close: () => undefined,
    }),
  };
}
