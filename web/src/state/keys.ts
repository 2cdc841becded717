/** Keys: their names, as in the window of `msc watch`, and the table of their functions. */

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
    // Remote controls and headsets
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

/** Null for keys without a function here, and for the browser's own shortcuts. */
export function keyName(
  event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey'>,
): string | null {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  const name = names.get(event.key);
  if (name !== undefined) return event.shiftKey && (name === 'left' || name === 'right') ? `shift-${name}` : name;
  return [...event.key].length === 1 ? event.key.toLowerCase() : null;
}

/** The table that `?` shows. */
export const keyTable: readonly { title: string; keys: readonly (readonly [keys: string, does: string])[] }[] = [
  {
    title: 'Stations',
    keys: [
      ['1 … 9', 'station by number'],
      ['Page Up, Page Down', 'next, previous station'],
      ['Backspace', 'previous station watched'],
      ['c', 'list of stations'],
      ['/', 'search'],
      ['g', 'guide'],
      ['*', 'favourite'],
      ['q', 'back to all stations'],
    ],
  },
  {
    title: 'Time',
    keys: [
      ['p, Space', 'pause, with the menu'],
      ['← →', '10 s back, forward; with Shift 60 s'],
      ['Home', 'programme from its beginning'],
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
      ['b', 'next track of sound'],
      ['v', 'subtitles: each language, then none'],
      ['f', 'full screen'],
      ['o', 'picture in picture'],
      ['a', 'add a picture'],
      ['x', 'remove this picture'],
      ['Tab', 'next picture, with its sound'],
      ['Enter', 'controls, with the arrows; Esc to leave'],
    ],
  },
  {
    title: 'Information',
    keys: [
      ['i', 'what is playing'],
      ['s', 'statistics'],
      ['?', 'keys'],
    ],
  },
];
