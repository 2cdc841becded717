import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ticks90k } from '../../base/units.js';
import { plainEvent, plainHead, plainText, type ScriptEvent, scriptFile } from './script.js';
import { movText } from './stored-text.js';
import { parseSubStation, storedEvent } from './sub-station.js';
import { parseSubRip } from './subrip.js';
import { decodeText } from './text-encoding.js';
import { parseWebVtt } from './webvtt.js';

/** Seconds, and the text in the notation of ASS. */
const shown = (events: ScriptEvent[]) =>
  events.map(({ start, end, rest }) => [start / 90_000, end / 90_000, rest.replace('Default,,0,0,0,,', '')]);

test('text is read in UTF-8, UTF-16 and Windows-1252, with and without a byte order mark', () => {
  const text = '1\r\n00:00:01,000 --> 00:00:02,000\r\nGrüße — für ‘Ärger’\r\n';
  const utf16 = Buffer.from(text, 'utf16le');
  const cases = [
    Buffer.from(text),
    Buffer.from(`\ufeff${text}`),
    utf16,
    Buffer.from(`\ufeff${text}`, 'utf16le'),
    Buffer.from(utf16).swap16(),
    Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
    Buffer.from([...text].map((letter) => ({ '—': 0x97, '‘': 0x91, '’': 0x92 })[letter] ?? letter.charCodeAt(0))),
  ];
  for (const bytes of cases) assert.equal(decodeText(bytes), text);
});

test('SubRip: numbers, markup, colours, entities and missing parts', () => {
  const text = [
    '1',
    '00:00:01,500 --> 00:00:02,250 X1:10 X2:20 Y1:1 Y2:2',
    '<i>One</i> & {two}',
    '',
    '2',
    '00:01:00.5 --> 1:02:03,000',
    '<font color="#ff8000">orange</font>',
    '{\\an8}top &amp; &#228;',
    '',
    '3',
    '00:00:05,000 --> 00:00:04,000',
    'never',
    '',
    '00:10 --> 00:11',
    'no hours, no number',
  ].join('\r\n');
  assert.deepEqual(shown(parseSubRip(text)), [
    [1.5, 2.25, '{\\i1}One{\\i0} & \\{two}'],
    [60.5, 3_723, '{\\c&H0080ff&}orange{\\c}\\N{\\an8}top & ä'],
    [10, 11, 'no hours, no number'],
  ]);
});

test('WebVTT: notes and styles are left out, settings place the cue', () => {
  const text = [
    'WEBVTT - title',
    '',
    'STYLE\n::cue { color: red }',
    '',
    'NOTE\n00:00 is no cue',
    '',
    'first\n00:01.000 --> 00:02.000 line:0 align:start\n<v Ann>Hello <c.yellow>there</c>',
    '',
    '00:03.000 --> 00:04.000\nfor <00:03.500>all &lt;b&gt;',
  ].join('\n');
  assert.deepEqual(shown(parseWebVtt(text)), [
    [1, 2, '{\\an7}Hello there'],
    [3, 4, 'for all <b>'],
  ]);
});

test('SubStation: the head stays, events are ordered by their fields', () => {
  const text = [
    '[Script Info]',
    'PlayResY: 288',
    '[V4+ Styles]',
    'Style: Sign,Arial,20',
    '[Events]',
    'Format: Start, End, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
    'Comment: 0:00:00.00,0:00:01.00,0,Sign,,0,0,0,,not shown',
    'Dialogue: 0:00:01.00,0:00:02.50,3,Sign,,0,0,0,,One, {\\b1}two',
  ].join('\r\n');
  const { head, events } = parseSubStation(text);
  assert.equal(head, '[Script Info]\nPlayResY: 288\n[V4+ Styles]\nStyle: Sign,Arial,20');
  assert.deepEqual(events, [{ start: 90_000, end: 225_000, layer: 3, rest: 'Sign,,0,0,0,,One, {\\b1}two' }]);
  assert.equal(plainText(events[0]!), 'One, two');
  const times = { start: Ticks90k(90_000), end: Ticks90k(225_000) };
  assert.deepEqual(storedEvent('7,3,Sign,,0,0,0,,One, {\\b1}two', times), events[0]);
});

test('timed text of MP4 has faces in a box', () => {
  const text = Buffer.from('Hello {World}');
  const box = Buffer.alloc(22);
  box.writeUInt32BE(22, 0);
  box.write('styl', 4);
  box.writeUInt16BE(1, 8);
  box.writeUInt16BE(6, 10);
  box.writeUInt16BE(13, 12);
  box[16] = 2;
  const data = Buffer.concat([Buffer.of(0, text.length), text, box]);
  assert.equal(movText(data), 'Hello {\\i1}\\{World}{\\i0}');
  assert.equal(movText(Buffer.of(0)), '');
});

test('a script has the times of its events, moved, in hundredths', () => {
  const event = plainEvent({ start: Ticks90k(89_999), end: Ticks90k(324_000_000), text: 'A' });
  const file = scriptFile({ head: plainHead({ width: 1_920, height: 1_080 }), events: [event] });
  assert.match(file, /PlayResX: 1280\nPlayResY: 720/);
  assert.match(file, /\nDialogue: 0,0:00:00.99,1:00:00.00,Default,,0,0,0,,A\n/);
  assert.doesNotMatch(scriptFile({ head: '', events: [event] }, Ticks90k(-324_000_000)), /Dialogue/);
});
