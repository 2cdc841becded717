/** A station's thumbnail, refreshed while it is visible; its poster until the thumbnail has arrived. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { pictureAddress } from '../state/address.js';

/** Time between refreshes, milliseconds. */
const EVERY = 5_000;

export function StationPicture({ id, onAir }: { id: string; onAir: boolean }) {
  const ref = useRef<HTMLDivElement>(null);
  const [source, setSource] = useState<string | null>(null);
  useEffect(() => {
    if (!onAir) return setSource(null);
    let isVisible = false;
    let count = 0;
    let gone = false;
    const look = () => {
      if (!isVisible || document.hidden) return;
      setSource((before) => before ?? pictureAddress(id, 'poster'));
      const picture = new Image();
      picture.src = `${pictureAddress(id, 'thumbnail')}?${count++}`;
      // The previous thumbnail stays where there is no new one.
      picture.onload = () => !gone && setSource(picture.src);
    };
    const observer = new IntersectionObserver((entries) => {
      const isIntersecting = entries.at(-1)?.isIntersecting ?? false;
      if (isIntersecting && !isVisible) {
        isVisible = true;
        look();
      }
      isVisible = isIntersecting;
    });
    observer.observe(ref.current!);
    const timer = setInterval(look, EVERY);
    return () => {
      gone = true;
      observer.disconnect();
      clearInterval(timer);
    };
  }, [id, onAir]);
  return (
    <div ref={ref} class="thumbnail">
      {source !== null && <img src={source} alt="" onError={() => setSource(null)} />}
    </div>
  );
}
