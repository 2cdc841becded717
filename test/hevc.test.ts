/** Stations of H.265, as FFmpeg decodes them. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Millis, millisToTicks, PacketNumber, TICKS_PER_SECOND, Ticks90k } from '../src/base/units.js';
import { resumeProgramme, showSlate, skipItem } from '../src/station/change.js';
import { nextCut } from '../src/station/splice.js';
import { Station } from '../src/station/station.js';
import { Pid } from '../src/wire/ts.js';
import { openStore, reelOf, transportStream } from './support/film.js';
import { CLOSED_GROUPS, makeHevc } from './support/hevc.js';
import { decodingMessages, hashes } from './support/run.js';
import { scratchFolder } from './support/spool.js';
import { without } from './support/tools.js';
import { analyseTs } from './support/ts-analyser.js';

const needs = { skip: without('ffmpeg') };
const start = millisToTicks(Millis(Date.UTC(2026, 10, 22)));

/** Two films of the same kind, with open and with closed groups, and a slate. */
async function makeItems(context: TestContext) {
  const folder = scratchFolder(context);
  const store = await openStore(context);
  const films = [
    makeHevc({ path: join(folder, 'open.mp4'), seconds: 4 }),
    makeHevc({ path: join(folder, 'closed.mkv'), groups: CLOSED_GROUPS, pictures: 'testsrc=s=160x90:r=25' }),
    makeHevc({ path: join(folder, 'slate.ts'), seconds: 2, pictures: 'smptebars=s=160x90:r=25' }),
  ];
  const reels = [];
  for (const film of films) reels.push(await reelOf(context, film, { format: 'hevc' }, store));
  const items = reels.map((reel, i) => ({ name: `item ${i}`, reel }));
  return { folder, films, items };
}

test(
  'three loops of two films of H.265 conform to MPEG-TS, and their pictures are unchanged',
  needs,
  async (context) => {
    const { folder, films, items } = await makeItems(context);
    for (const { reel } of items) assert.equal(reel.data.manifest.properties.video, 'copied');
    const station = new Station({ items: items.slice(0, 2), ssrc: 1 });
    const n = station.at(start);
    const from = n - (n % station.cyclePackets);
    const stream = transportStream(station, from, from + 3 * station.cyclePackets);
    const report = analyseTs(stream);
    assert.deepEqual(report.faults, []);
    assert.deepEqual(report.ptsSteps.get(Pid.video), { least: 3_600, most: 3_600 });
    const path = join(folder, 'loops.ts');
    writeFileSync(path, stream);
    const once = [...(await hashes(context, films[0]!, 'v')), ...(await hashes(context, films[1]!, 'v'))];
    assert.equal(once.length, 175);
    assert.deepEqual(await hashes(context, path, 'v'), [...once, ...once, ...once]);
  },
);

test(
  'a station of H.265 that is interrupted, and goes on in the middle of a film, decodes without a message',
  needs,
  async (context) => {
    const { folder, films, items } = await makeItems(context);
    const [film, other, slate] = items;
    const station = new Station({ items: [film!, other!], ssrc: 1 });
    const n = station.at(start);
    const first = PacketNumber(n - (n % station.cyclePackets));
    const at = (seconds: number) => Ticks90k(station.due(first) + seconds * TICKS_PER_SECOND);
    station.change(showSlate(station, at(0.5), { id: 'slate', item: slate! })!);
    station.change(resumeProgramme(station, at(1.4))!);
    const resumed = station.timeline.periods.at(-1)!;
    assert.ok(resumed.packet > 0, 'in the middle of the first film');
    station.change(skipItem(station, at(5.5))!);
    const stream = transportStream(station, first, nextCut(station, at(10)));
    assert.deepEqual(analyseTs(stream).faults, []);
    const path = join(folder, 'changes.ts');
    writeFileSync(path, stream);
    assert.equal(await decodingMessages(context, path), '');
    // The leading pictures of the random access point at which the film goes on are left out.
    const known = new Set<string>();
    for (const film of films) for (const picture of await hashes(context, film, 'v')) known.add(picture);
    const shown = await hashes(context, path, 'v');
    assert.deepEqual(
      shown.filter((picture) => !known.has(picture)),
      [],
      'no picture is torn',
    );
  },
);
