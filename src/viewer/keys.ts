/** From a terminal's bytes to names of keys, the same names as a player's window reports. */

/** Sequences of keys that are no characters. */
const sequences: Readonly<Record<string, string>> = {
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  '\x1b[C': 'right',
  '\x1bOC': 'right',
  '\x1b[D': 'left',
  '\x1bOD': 'left',
  // With Shift: of xterm and of rxvt
  '\x1b[1;2C': 'shift-right',
  '\x1b[c': 'shift-right',
  '\x1b[1;2D': 'shift-left',
  '\x1b[d': 'shift-left',
  '\x1b[H': 'home',
  '\x1bOH': 'home',
  '\x1b[1~': 'home',
  '\x1b[7~': 'home',
  '\x1b[5~': 'pgup',
  '\x1b[6~': 'pgdn',
  '\r': 'enter',
  '\n': 'newline',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x03': 'ctrl-c',
  '\x1b': 'esc',
  ' ': 'space',
};

/** ESC [ parameters letter, and ESC O letter, known or not; else a single character. */
const ESCAPE = '\x1b';
const pattern = new RegExp(`${ESCAPE}\\[[0-9;]*[A-Za-z~]|${ESCAPE}O[A-Za-z]|[^]`, 'gu');

/** The keys in text read at once. Unknown sequences are left out; letters become lower case. */
export function keysIn(text: string): string[] {
  return (text.match(pattern) ?? []).flatMap((part) => {
    const named = sequences[part];
    if (named !== undefined) return [named];
    return part.length === 1 && part > ' ' ? [part.toLowerCase()] : [];
  });
}
