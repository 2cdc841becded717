/** What lies on a disk and may be damaged: a reel's manifest and index, and a station's log. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ticks90k } from '../../../src/base/units.js';
import { writeJpegIndex } from '../../../src/reel/jpeg-reel.js';
import type { ReelManifest } from '../../../src/reel/manifest.js';
import { closeReel } from '../../../src/reel/open-reel.js';
import { ReelDamage, readReel } from '../../../src/reel/read-reel.js';
import { ReelFile } from '../../../src/reel/reel.js';
import { writeTsIndex } from '../../../src/reel/ts-reel.js';
import { logLine, parseLog } from '../../../src/server/state-log.js';
import { Station } from '../../../src/station/station.js';
import { stateEntry, stateOf } from '../../../src/station/station-state.js';
import type { StationFormat } from '../../../src/wire/station-format.js';
import { isTransport, stationFormats } from '../../../src/wire/station-format.js';
import { TS_GROUP_LENGTH } from '../../../src/wire/ts.js';
import { fakeReel } from '../../support/fake-reel.js';
import type { FuzzTarget } from '../target.js';

/** Packets of a reel whose answers are all checked. */
const MOST_CHECKED = 200;

let made: string | undefined;

/** A folder of this process, emptied when it ends. */
function folder(): string {
  if (made === undefined) {
    const path = mkdtempSync(join(tmpdir(), 'msc-fuzz-'));
    process.once('exit', () => rmSync(path, { recursive: true, force: true }));
    made = path;
  }
  return made;
}

/** The two files of a whole reel. */
function wholeReel(format: StationFormat): { manifest: string; index: Buffer } {
  const path = folder();
  const { manifest } = fakeReel({ times: [0], duration: 1, format }).data;
  let facts: Partial<ReelManifest>;
  if (isTransport(format)) {
    const curve = { times: [0, 900, 9_000].map(Ticks90k), counts: [0, 70, 140] };
    writeTsIndex(path, { curve, randomAccess: [0, 8], groups: 20, duration: Ticks90k(9_000), peakToAverage: 1 });
    facts = { duration: Ticks90k(9_000), packets: 20, bytes: 20 * TS_GROUP_LENGTH };
  } else {
    const lengths = Uint32Array.of(150, 9_000);
    writeJpegIndex(path, { lengths, duration: Ticks90k(6_000), packets: 8, peakToAverage: 1 });
    facts = { duration: Ticks90k(6_000), packets: 8, bytes: 9_150 };
  }
  return { manifest: JSON.stringify({ ...manifest, ...facts }), index: readFileSync(join(path, ReelFile.index)) };
}

/** The text of a manifest, its length before it, and an index. */
async function checkReel(input: Buffer): Promise<void> {
  if (input.length < 2) return;
  const length = input.readUInt16BE(0);
  const manifest = input.subarray(2, 2 + length);
  writeFileSync(join(folder(), ReelFile.manifest), manifest);
  writeFileSync(join(folder(), ReelFile.index), input.subarray(2 + length));
  const bytes = Number(/"bytes":(\d{1,7})\b/.exec(manifest.toString('latin1'))?.[1] ?? 0);
  for (const format of stationFormats) {
    const path = join(folder(), ReelFile.packets[format]);
    writeFileSync(path, '');
    truncateSync(path, bytes);
  }
  const reel = await readReel(folder()).catch((error: unknown) => {
    assert.ok(error instanceof ReelDamage, String(error));
    return null;
  });
  if (reel === null) return;
  const { packetCount } = reel;
  const step = Math.max(1, Math.floor(packetCount / MOST_CHECKED));
  for (let n = 0; n < packetCount; n += step) {
    const due = reel.due(n);
    assert.ok(due >= 0 && due < reel.duration && (n === 0 || due >= reel.due(n - 1)), `packet ${n} is due at ${due}`);
    assert.ok(reel.at(due) >= n);
    assert.ok(reel.position(n) < reel.position(n + 1) && reel.position(n + 1) <= reel.data.manifest.bytes);
    assert.ok(reel.randomAccessBefore(n) >= 0 && reel.randomAccessBefore(n) <= n);
  }
  closeReel(reel);
}

/** The lines of a log, whose checksums are right: what is in them is read. */
function checkState(input: Buffer): void {
  const lines = input.toString('utf8').split('\n').slice(0, 30);
  const log: Buffer[] = [];
  for (const [i, line] of lines.entries()) {
    try {
      log.push(logLine({ number: i + 1, entry: JSON.parse(line) }));
    } catch (error) {
      assert.ok(error instanceof SyntaxError);
      return;
    }
  }
  const parsed = parseLog(Buffer.concat(log));
  assert.equal(parsed.lines.length, lines.length);
  let state: ReturnType<typeof stateOf>;
  try {
    state = stateOf(
      'fake',
      parsed.lines.map(({ entry }) => entry),
    );
  } catch (error) {
    // RangeError, and what zod throws: the server takes any Error as damage.
    assert.ok(error instanceof Error && !(error instanceof TypeError), String(error));
    return;
  }
  assert.equal(state.id, 'fake');
}

/** Any bytes as a log: whole lines are read, damage is an error. */
function checkLog(input: Buffer): void {
  const whole = logLine({ number: 1, entry: 'whole' });
  for (const bytes of [input, Buffer.concat([whole, input]), Buffer.concat([input, whole])]) {
    try {
      const { lines, length } = parseLog(bytes);
      assert.ok(lines.length > 0 && length <= bytes.length);
    } catch (error) {
      assert.ok(error instanceof RangeError || error instanceof SyntaxError, String(error));
    }
  }
}

const checks = [checkReel, checkState, checkLog];

function seeds(): Buffer[] {
  const reels = stationFormats.map((format) => {
    const { manifest, index } = wholeReel(format);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(manifest.length);
    return Buffer.concat([Buffer.from([0]), length, Buffer.from(manifest), index]);
  });
  const station = new Station({ items: [{ name: 'film', reel: fakeReel({ times: [0], duration: 90_000 }) }], ssrc: 7 });
  const entry = stateEntry({ id: 'fake', sources: ['a'], name: null }, station, -1);
  const later = { ...entry, timeline: { ...entry.timeline!, base: entry.timeline!.revision } };
  const log = Buffer.concat([logLine({ number: 1, entry: { a: 1 } }), logLine({ number: 2, entry: null })]);
  return [
    ...reels,
    Buffer.from(`\u0001${JSON.stringify(entry)}`),
    Buffer.from(`\u0001${JSON.stringify(entry)}\n${JSON.stringify(later)}`),
    Buffer.concat([Buffer.from([2]), log, log.subarray(0, 9)]),
  ];
}

export const target: FuzzTarget = {
  ...{ name: 'disk', block: 1, largest: 4_000, seeds },
  tokens: [
    '"packets":',
    '"bytes":',
    '"duration":',
    '"first":',
    '"added":[]',
    '"base":-1',
    '"revision":',
    '"override":null',
    '\n',
  ],
  mostWork: (length) => 400_000 + 1_000 * length,
  run: (input) => {
    if (input.length > 0) return checks[input[0]! % checks.length]!(input.subarray(1));
  },
};
