/** What a station sends now, every few seconds while it can be seen; what it was made with until that is there. */
import { useEffect, useRef, useState } from 'preact/hooks';

/** Milliseconds. */
const EVERY = 5_000;

export function StationPicture({ id, onAir }: { id: string; onAir: boolean }) {
  const ref = useRef<HTMLDivElement>(null);
  const [source, setSource] = useState<string | null>(null);
  useEffect(() => {
    if (!onAir) return setSource(null);
    const address = `/stations/${encodeURIComponent(id)}`;
    let seen = false;
    let count = 0;
    let gone = false;
    const look = () => {
      if (!seen || document.hidden) return;
      setSource((before) => before ?? `${address}/poster.jpg`);
      const picture = new Image();
      picture.src = `${address}/thumbnail.jpg?${count++}`;
      // Where there is none, the one before stays.
      picture.onload = () => !gone && setSource(picture.src);
    };
    const observer = new IntersectionObserver((entries) => {
      const isIntersecting = entries.at(-1)?.isIntersecting ?? false;
      if (isIntersecting && !seen) {
        seen = true;
        look();
      }
      seen = isIntersecting;
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
