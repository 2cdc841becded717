/** Plays a station without sound in its tile after the focus has rested there; not with reduced motion. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { usePage } from '../ui/use-page.js';

/** Time that the focus must rest on a tile, milliseconds. */
const STAYED = 700;

export function Preview({ station }: { station: string }) {
  const page = usePage();
  const ref = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    let end = () => {};
    const timer = setTimeout(() => {
      const screen = page.engine.createScreen();
      screen.muted.value = true;
      ref.current?.replaceChildren(screen.element);
      const unsubscribe = screen.status.subscribe((status) => setShown(status === 'playing'));
      screen.tune(station);
      end = () => {
        unsubscribe();
        screen.close();
      };
    }, STAYED);
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [page, station]);
  return <div ref={ref} class="preview" data-shown={shown} aria-hidden="true" inert />;
}
