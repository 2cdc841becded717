/** Icons of 24 by 24 in the colour of the text. They are hidden from screen readers: the element around one has a label. */
import type { ComponentChildren } from 'preact';

const icons = {
  wall: (
    <>
      <rect x="3" y="4.5" width="7.5" height="6" rx="1" />
      <rect x="13.5" y="4.5" width="7.5" height="6" rx="1" />
      <rect x="3" y="13.5" width="7.5" height="6" rx="1" />
      <rect x="13.5" y="13.5" width="7.5" height="6" rx="1" />
    </>
  ),
  play: <path d="M7.5 4.8v14.4L19 12z" fill="currentColor" />,
  pause: <path d="M8.5 5v14M15.5 5v14" stroke-width="3" stroke-linecap="butt" />,
  back: (
    <>
      <path d="M12 4.5a7.5 7.5 0 1 1-7.2 5.4" />
      <path d="M12.4 1.6 9 4.6l3.4 3" />
      <text x="12" y="15.2">
        10
      </text>
    </>
  ),
  forward: (
    <>
      <path d="M12 4.5a7.5 7.5 0 1 0 7.2 5.4" />
      <path d="m11.6 1.6 3.4 3-3.4 3" />
      <text x="12" y="15.2">
        10
      </text>
    </>
  ),
  begin: (
    <>
      <path d="M6 5v14" />
      <path d="M19 5.5v13L9 12z" fill="currentColor" />
    </>
  ),
  up: <path d="m5.5 15 6.5-6.5 6.5 6.5" />,
  down: <path d="m5.5 9 6.5 6.5L18.5 9" />,
  left: <path d="M15 5.5 8.5 12l6.5 6.5" />,
  right: <path d="m9 5.5 6.5 6.5L9 18.5" />,
  sound: (
    <>
      <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z" fill="currentColor" />
      <path d="M15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11" />
    </>
  ),
  subtitles: (
    <>
      <rect x="3" y="5" width="18" height="14" rx="2" />
      <path d="M6.5 12h3m3 0h5M6.5 15.5h6m3 0h2" />
    </>
  ),
  silent: (
    <>
      <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z" fill="currentColor" />
      <path d="m16 9.5 5 5m0-5-5 5" />
    </>
  ),
  list: (
    <>
      <path d="M9 6h11.5M9 12h11.5M9 18h11.5" />
      <path d="M4.2 6h.1M4.2 12h.1M4.2 18h.1" stroke-width="2.8" />
    </>
  ),
  guide: (
    <>
      <rect x="3" y="4.5" width="18" height="15" rx="2" />
      <path d="M3 9.5h18M3 14.5h18M13 9.5v5M9 14.5v5" />
    </>
  ),
  more: <path d="M5.5 12h.1M12 12h.1M18.5 12h.1" stroke-width="3" />,
  full: <path d="M4 9V4.5h5M20 9V4.5h-5M4 15v4.5h5M20 15v4.5h-5" />,
  star: <path d="m12 3.8 2.5 5.3 5.8.7-4.3 4 1.2 5.7-5.2-2.9-5.2 2.9 1.2-5.7-4.3-4 5.8-.7z" />,
  starred: <path d="m12 3.8 2.5 5.3 5.8.7-4.3 4 1.2 5.7-5.2-2.9-5.2 2.9 1.2-5.7-4.3-4 5.8-.7z" fill="currentColor" />,
  search: (
    <>
      <circle cx="10.5" cy="10.5" r="6" />
      <path d="m15 15 5.5 5.5" />
    </>
  ),
  keys: (
    <>
      <rect x="2.5" y="6" width="19" height="12" rx="2" />
      <path d="M6.5 10h.1M10.2 10h.1M13.9 10h.1M17.6 10h.1M8 14h8" stroke-width="2" />
    </>
  ),
  close: <path d="m6 6 12 12M18 6 6 18" />,
  moon: <path d="M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z" />,
  link: (
    <>
      <path d="m10 14 4-4" />
      <path d="m11 7 2.5-2.5a4.2 4.2 0 0 1 6 6L17 13M13 17l-2.5 2.5a4.2 4.2 0 0 1-6-6L7 11" />
    </>
  ),
  inset: (
    <>
      <rect x="3" y="5" width="18" height="14" rx="2" />
      <rect x="12" y="11.5" width="6.5" height="5" rx=".5" fill="currentColor" />
    </>
  ),
  add: (
    <>
      <rect x="3" y="5" width="18" height="14" rx="2" />
      <path d="M12 8.5v7M8.5 12h7" />
    </>
  ),
  remove: (
    <>
      <rect x="3" y="5" width="18" height="14" rx="2" />
      <path d="M8.5 12h7" />
    </>
  ),
  stats: <path d="M4 19.5v-6M9.3 19.5v-11M14.7 19.5v-8M20 19.5v-15" />,
} satisfies Record<string, ComponentChildren>;

export type IconName = keyof typeof icons;

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    {icons[name]}
  </svg>
);
