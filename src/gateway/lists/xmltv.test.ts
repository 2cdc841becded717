import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { run } from '../../../test/support/run.js';
import { scratchFolder } from '../../../test/support/spool.js';
import { makeStation } from '../../../test/support/stations.js';
import { without } from '../../../test/support/tools.js';
import { Millis } from '../../base/units.js';
import { escapeXml, timeText, xmltvBegin, xmltvChannel, xmltvEnd, xmltvProgramme } from './xmltv.js';

/** Difficult names. */
const names = [
  'News & <weather>',
  `'"]]> <!-- &amp; &#0;`,
  '\u0000\u0001\b\u000b\u001f\ufffe\uffff',
  '\ud800 alone, and \udc00',
  'line\r\nfeed\tand tab',
  'Größe 🎬 مرحبا',
  '',
];
const from = Millis(Date.UTC(2026, 2, 1, 12));

const guide = (): string => {
  const infos = names.map((name, i) => makeStation(i + 1, { name }));
  return [
    xmltvBegin('MultiStreamCast'),
    ...infos.map((info) => xmltvChannel(info, `http://tv.example/stations/${info.id}/poster.jpg?a=1&b=2`)),
    ...infos.map((info) => xmltvProgramme(info, { from, to: Millis(from + 90_500), title: info.name })),
    xmltvEnd,
  ].join('');
};

/** The part of XMLTV's DTD that our guides use, in its order. */
const dtd = `
<!ELEMENT tv (channel*, programme*)>
<!ATTLIST tv date CDATA #IMPLIED source-info-url CDATA #IMPLIED source-info-name CDATA #IMPLIED
  source-data-url CDATA #IMPLIED generator-info-name CDATA #IMPLIED generator-info-url CDATA #IMPLIED>
<!ELEMENT channel (display-name+, icon*, url*)>
<!ATTLIST channel id CDATA #REQUIRED>
<!ELEMENT display-name (#PCDATA)>
<!ATTLIST display-name lang CDATA #IMPLIED>
<!ELEMENT icon EMPTY>
<!ATTLIST icon src CDATA #REQUIRED width CDATA #IMPLIED height CDATA #IMPLIED>
<!ELEMENT url (#PCDATA)>
<!ELEMENT programme (title+, sub-title*, desc*)>
<!ATTLIST programme start CDATA #REQUIRED stop CDATA #IMPLIED channel CDATA #REQUIRED>
<!ELEMENT title (#PCDATA)>
<!ATTLIST title lang CDATA #IMPLIED>
<!ELEMENT sub-title (#PCDATA)>
<!ELEMENT desc (#PCDATA)>
`;

test('a programme is written in XMLTV', () => {
  assert.equal(
    xmltvProgramme(makeStation(1), { from, to: Millis(from + 1_999), title: 'Dawn & dusk' }),
    `  <programme start="20260301120000 +0000" stop="20260301120001 +0000" channel="station-1">
    <title>Dawn &amp; dusk</title>
  </programme>
`,
  );
  assert.equal(xmltvProgramme(makeStation(1), { from, to: Millis(from + 999), title: 'too short' }), '');
  assert.equal(timeText(Millis(from + 999.9)), '20260301120000 +0000');
});

test('any text becomes valid XML text', () => {
  const allowed = /^[\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
  const wicked = fc.string({
    unit: fc.constantFrom(...'\u0000\b\u000b\u001f\u007f\uffff<>&\'"];', '\ud83c', '\udfa5'),
  });
  const text = fc.oneof(fc.string({ unit: 'binary' }), wicked);
  fc.assert(
    fc.property(text, (original) => {
      const escaped = escapeXml(original);
      assert.match(escaped, allowed);
      assert.doesNotMatch(escaped.replaceAll(/&(?:amp|lt|gt|quot|apos);/g, ''), /[<>&"']/);
    }),
  );
});

test('Python’s XML parser reads the guide back', { skip: without('python3') }, async (context) => {
  const program = `
import json, sys, xml.etree.ElementTree as tree
tv = tree.fromstring(sys.stdin.buffer.read())
print(json.dumps([[c.get('id'), c.find('display-name').text, c.find('icon').get('src')] for c in tv.findall('channel')] +
  [[p.get('channel'), p.find('title').text, p.get('start'), p.get('stop')] for p in tv.findall('programme')]))
`;
  const { stdout, stderr, exitCode } = await run(context, 'python3', ['-c', program], { input: guide() });
  assert.equal(exitCode, 0, stderr);
  const ids = names.map((_, i) => `station-${i + 1}`);
  const texts = [
    'News & <weather>',
    `'"]]> <!-- &amp; &#0;`,
    '\ufffd'.repeat(7),
    '\ufffd alone, and \ufffd',
    'line feed and tab',
    'Größe 🎬 مرحبا',
    null,
  ];
  assert.deepEqual(JSON.parse(String(stdout)), [
    ...ids.map((id, i) => [id, texts[i], `http://tv.example/stations/${id}/poster.jpg?a=1&b=2`]),
    ...ids.map((id, i) => [id, texts[i], '20260301120000 +0000', '20260301120130 +0000']),
  ]);
});

test('the guide has the elements of XMLTV in their order', { skip: without('xmllint') }, async (context) => {
  const file = join(scratchFolder(context), 'xmltv.dtd');
  writeFileSync(file, dtd);
  const { stderr, exitCode } = await run(context, 'xmllint', ['--noout', '--dtdvalid', file, '-'], { input: guide() });
  assert.equal(exitCode, 0, stderr);
});
