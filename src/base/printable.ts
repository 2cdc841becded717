/** Text from outside, for terminals and logs: names, paths, messages of other programs and of other machines. */

/** What stands in place of a character that could act on a terminal or a log. */
const MARK = '\ufffd';

/**
 * Characters that act instead of being shown: controls (C0 with ESC and line breaks, DEL, C1), format characters with
 * bidirectional overrides and isolates, line and paragraph separators, and halves of surrogate pairs. Left are the joiners
 * U+200C and U+200D, which Persian and emoji are written with.
 */
const acting = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu;

/** The text in one line that nothing in it can move, colour, end or reorder. An escape sequence is left as its letters. */
export const printable = (text: string): string => text.replaceAll(acting, MARK);

/** Indent of the lines behind the first, so that no text from outside begins a line as our own do. */
const CONTINUED = '\n     ';

/** The same for text of several lines, such as a message with the stack of an error. */
export const printableLines = (text: string): string => text.trimEnd().split(/\r?\n/).map(printable).join(CONTINUED);

/** A value as JSON whose text cannot act either: JSON itself escapes only C0 controls. */
export const printableJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replaceAll(
    // Line breaks of the indentation stay.
    /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) =>
      Array.from(
        { length: character.length },
        (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
      ).join(''),
  );
