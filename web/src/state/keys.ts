/** Keys: their names, as in the window of `msc watch`, and what they do. */

const names: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ArrowUp: 'up',
    ArrowDown: 'down',
    ArrowLeft: 'left',
    ArrowRight: 'right',
    Home: 'home',
    End: 'end',
    PageUp: 'pgup',
    PageDown: 'pgdn',
    Enter: 'enter',
    Backspace: 'backspace',
    Escape: 'esc',
    ' ': 'space',
    // What remote controls and headsets have
    ChannelUp: 'pgup',
    ChannelDown: 'pgdn',
    MediaTrackNext: 'pgup',
    MediaTrackPrevious: 'pgdn',
    MediaPlayPause: 'p',
    MediaPlay: 'p',
    MediaPause: 'p',
    MediaRewind: 'left',
    MediaFastForward: 'right',
    Guide: 'g',
    Info: 'i',
  }),
);

/** Null for keys that mean nothing here, and for those that belong to the browser. */
export function keyName(
  event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey'>,
): string | null {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  const name = names.get(event.key);
  if (name !== undefined) return event.shiftKey && (name === 'left' || name === 'right') ? `shift-${name}` : name;
  return [...event.key].length === 1 ? event.key.toLowerCase() : null;
}

/** What `?` shows: keys, and what they do. */
export const keyTable: readonly { title: string; keys: readonly (readonly [keys: string, does: string])[] }[] = [
  {
    title: 'Stations',
    keys: [
      ['1 … 9', 'station by number'],
      ['Page Up, Page Down', 'next, previous station'],
      ['Backspace', 'the last station'],
      ['c', 'list over the picture'],
      ['/', 'search'],
      ['g', 'guide'],
      ['*', 'favourite'],
      ['q', 'back to the wall'],
    ],
  },
  {
    title: 'Time',
    keys: [
      ['p, Space', 'pause, with a menu'],
      ['← →', '10 s back, forward; with Shift 60 s'],
      ['Home', 'what is playing, from its beginning'],
      ['l', 'back to live'],
      ['u', 'copy a link to this moment'],
      ['t', 'sleep timer'],
    ],
  },
  {
    title: 'Picture and sound',
    keys: [
      ['↑ ↓', 'louder, quieter'],
      ['m', 'sound off, on'],
      ['f', 'full screen'],
      ['o', 'picture in picture'],
      ['a', 'another picture beside this one'],
      ['x', 'take this picture away'],
      ['Tab', 'the next picture; its sound follows'],
      ['Enter', 'the controls, by arrows; Esc leaves them'],
    ],
  },
  {
    title: 'To know',
    keys: [
      ['i', 'what is playing'],
      ['s', 'statistics'],
      ['?', 'these keys'],
    ],
  },
];
