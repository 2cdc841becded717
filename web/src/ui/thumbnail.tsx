/** A station's thumbnail, or its poster until the thumbnail has arrived. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { pictureAddress } from '../state/address.js';
import { useDerived } from './use-derived.js';
import { usePage } from './use-page.js';

/** Decorative: the element around it names the station. */
export function Thumbnail({ station }: { station: string }) {
  const page = usePage();
  const ref = useRef<HTMLDivElement>(null);
  const [broken, setBroken] = useState(false);
  useEffect(() => page.thumbnails.watch(ref.current!, station), [page, station]);
  // One of many on the wall: those of others come all the time.
  const newest = useDerived(() => page.engine.thumbnails.value.get(station), [page, station]);
  const source = newest ?? (broken ? undefined : pictureAddress(station, 'poster'));
  return (
    <div ref={ref} class="thumbnail">
      {source !== undefined && (
        <img src={source} alt="" decoding="async" loading="lazy" draggable={false} onError={() => setBroken(true)} />
      )}
    </div>
  );
}
