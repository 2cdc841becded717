import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeStation } from '../../../test/support/stations.js';
import { type M3uEntry, writeM3u } from './m3u.js';

const entry = (number: number, name: string, server = 'studio'): M3uEntry => ({
  info: makeStation(number, { name, server }),
  address: `http://tv.example/stations/station-${number}.ts`,
  logo: `http://tv.example/stations/station-${number}/poster.jpg`,
});

/** A strict parser of playlists: it rejects any other line. */
function readM3u(text: string): { attributes: Record<string, string>; name: string; address: string }[] {
  const lines = text.split('\n');
  assert.match(lines[0]!, /^#EXTM3U x-tvg-url="[^"\s]*" url-tvg="[^"\s]*"$/);
  assert.equal(lines.at(-1), '');
  assert.equal(lines.length % 2, 0);
  return lines.slice(1, -1).flatMap((line, i, all) => {
    if (i % 2 === 1) return [];
    const head = /^#EXTINF:-1((?: [a-z-]+="[^",]*")+),([^",]*)$/.exec(line) ?? assert.fail(line);
    const attributes = Object.fromEntries([...head[1]!.matchAll(/ ([a-z-]+)="([^"]*)"/g)].map((each) => each.slice(1)));
    return [{ attributes, name: head[2]!, address: all[i + 1]! }];
  });
}

test('a playlist has the attributes of each station that players show', () => {
  assert.equal(
    writeM3u([entry(1, 'News'), entry(2, 'Größe, "west"')], 'http://tv.example/guide.xml'),
    `#EXTM3U x-tvg-url="http://tv.example/guide.xml" url-tvg="http://tv.example/guide.xml"
#EXTINF:-1 tvg-id="station-1" tvg-name="News" tvg-chno="1" tvg-logo="http://tv.example/stations/station-1/poster.jpg" group-title="studio",News
http://tv.example/stations/station-1.ts
#EXTINF:-1 tvg-id="station-2" tvg-name="Größe‚ ”west”" tvg-chno="2" tvg-logo="http://tv.example/stations/station-2/poster.jpg" group-title="studio",Größe‚ ”west”
http://tv.example/stations/station-2.ts
`,
  );
});

test('no name breaks out of its attribute', () => {
  const wicked = fc.string({ unit: fc.constantFrom(...'a,"\r\n\t#=\u0000\u0085\u2028\u2029', '\ud83c', '\udfa5') });
  const name = fc.oneof(
    fc.string({ unit: 'binary' }),
    wicked,
    fc.constant('x\n#EXTINF:-1,other\nhttp://evil.example/'),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, name), { maxLength: 5 }), (names) => {
      const entries = names.map(([station, server], i) => entry(i + 1, station, server));
      const read = readM3u(writeM3u(entries, 'http://tv.example/guide.xml'));
      assert.deepEqual(
        read.map(({ address, attributes }) => [address, attributes['tvg-id'], attributes['tvg-chno']]),
        entries.map(({ address, info }) => [address, info.id, String(info.number)]),
      );
      for (const { attributes, name: shown } of read) {
        assert.equal(attributes['tvg-name'], shown);
        assert.ok(!/[\p{Cs}\p{Cc}\p{Zl}\p{Zp}]/u.test(shown));
      }
    }),
  );
});
