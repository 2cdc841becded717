import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { decodingMessages } from '../../../test/support/run.js';
import { numberedPictures, numbersFrom, onAir } from '../../../test/support/shown-pictures.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { continuityCounterOf, TS_PACKET_LENGTH } from '../../wire/ts.js';
import { isWholeInTransport } from './whole-in-transport.js';

const folder = sharedFolder();
/** Of the pictures, in the transport streams that FFmpeg writes. */
const PID = 0x100;
const LAST_NUMBER = 24;

describe('pictures where counters jump', { skip: without('ffmpeg') }, () => {
  let recording: Buffer[] = [];
  /** Where PES packets of pictures begin, in packets. */
  let starts: number[] = [];

  before(() => {
    const path = join(folder, 'recording.ts');
    const source = ['-f', 'lavfi', '-i', `${numberedPictures(25)},noise=alls=60:allf=t`, '-t', '1'];
    ffmpeg(...source, '-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '25', path);
    recording = packetsOf(readFileSync(path));
    starts = recording.flatMap((packet, i) => (isPicture(packet) && isStart(packet) ? [i] : []));
  });

  function write(name: string, ...parts: Buffer[][]): string {
    const path = join(folder, name);
    writeFileSync(path, Buffer.concat(parts.flat()));
    return path;
  }

  test('are copied where recordings were joined, and decode without a message', async (context) => {
    const { manifest, numbers, path } = onAir(write('joined.ts', recording, recording), folder);
    assert.equal(manifest.properties.video, 'copied');
    assert.deepEqual(numbers, [...numbersFrom(0, LAST_NUMBER), ...numbersFrom(0, LAST_NUMBER)]);
    assert.equal(await decodingMessages(context, path), '');
  });

  test('are whole in packets of 192 bytes as well', () => {
    const wide = [...recording, ...recording].map((packet) => Buffer.concat([Buffer.alloc(4), packet]));
    const position = BigInt(starts.at(-2)! * (TS_PACKET_LENGTH + 4) + 4);
    assert.equal(isWholeInTransport(write('joined.m2ts', wide), position), true);
  });

  test('are not all copied where the first recording ends within a picture', () => {
    // All of the last picture but the packet that is filled up.
    const end = recording.findLastIndex(isPicture);
    assert.ok(end > starts.at(-1)!, 'a picture of several packets');
    const { manifest } = onAir(write('cut.ts', recording.slice(0, end), recording), folder);
    const { reason, notes } = manifest.properties;
    assert.match([reason, ...notes].join(), /damaged picture.* encoded|damaged pictures/);
  });

  test('are not whole where a packet of them is lost', () => {
    const [, first, second] = starts as [number, number, number];
    const inside = recording.findIndex((packet, i) => i > first && isPicture(packet));
    assert.ok(inside < second, 'a picture of several packets');
    const lost = write('lost.ts', recording.toSpliced(inside, 1));
    assert.equal(isWholeInTransport(lost, BigInt(first * TS_PACKET_LENGTH)), false);
    const whole = write('whole.ts', recording);
    assert.equal(isWholeInTransport(whole, BigInt(first * TS_PACKET_LENGTH)), true);
    // It is the only group.
    assert.equal(onAir(lost, folder).manifest.properties.reason, 'damaged pictures');
  });

  test('are not whole where a packet is marked as damaged', () => {
    const marked = recording.map((packet) => Buffer.from(packet));
    // transport_error_indicator
    marked[starts[3]!]![1]! |= 0x80;
    assert.equal(isWholeInTransport(write('marked.ts', marked), BigInt(starts[2]! * TS_PACKET_LENGTH)), false);
  });

  test('are not known to be whole in other containers, or without a place', () => {
    assert.equal(isWholeInTransport(write('other.mpg', [Buffer.alloc(2_000)]), 0n), false);
    assert.equal(isWholeInTransport(write('nowhere.ts', recording), -1n), false);
  });

  test('have counters that jump at the join', () => {
    const last = recording.findLast(isPicture)!;
    assert.notEqual((continuityCounterOf(last, 0) + 1) & 0x0f, continuityCounterOf(recording[starts[0]!]!, 0));
  });
});

const packetsOf = (data: Buffer): Buffer[] =>
  Array.from({ length: data.length / TS_PACKET_LENGTH }, (_, i) =>
    data.subarray(i * TS_PACKET_LENGTH, (i + 1) * TS_PACKET_LENGTH),
  );

const isPicture = (packet: Buffer): boolean => (packet.readUInt16BE(1) & 0x1fff) === PID;
const isStart = (packet: Buffer): boolean => (packet[1]! & 0x40) !== 0;
