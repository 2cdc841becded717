/** Films joined in ways that FFmpeg's program does not: with a second decoder configuration in the middle. */
import { readFileSync, writeFileSync } from 'node:fs';
import { MediaInput } from '../../src/media/input/input.js';

const u32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    bytes.writeInt32BE(value | 0, i * 4);
  });
  return bytes;
};

/** A box of ISO/IEC 14496-12, 4.2. */
const box = (type: string, ...contents: Buffer[]): Buffer => {
  const body = Buffer.concat(contents);
  return Buffer.concat([u32(body.length + 8), Buffer.from(type, 'latin1'), body]);
};
/** A box with a table, one row of 32 bits each after its count. */
const table = (type: string, rows: number[][]): Buffer => box(type, u32(0, rows.length), u32(...rows.flat()));

interface Sample {
  data: Buffer;
  isKey: boolean;
  dts: number;
  pts: number;
}

interface Part {
  samples: Sample[];
  entry: Buffer;
}

function partOf(source: string): Part {
  const input = new MediaInput(source);
  const { codecpar } = input.video;
  const samples: Sample[] = [];
  input.forEachPacket(({ packet, isVideo, pts }) => {
    if (!isVideo || packet.data === null) return true;
    samples.push({
      data: Buffer.from(packet.data),
      isKey: packet.isKeyframe,
      dts: Number(packet.dts),
      pts: pts ?? 0,
    });
    return true;
  });
  // VisualSampleEntry, ISO/IEC 14496-12, 12.1.3
  const size = Buffer.alloc(4);
  size.writeUInt16BE(codecpar.width);
  size.writeUInt16BE(codecpar.height, 2);
  const entry = box(
    'avc1',
    ...[u32(0, 1, 0, 0, 0, 0), size, u32(0x48_0000, 0x48_0000, 0), Buffer.from([0, 1]), Buffer.alloc(32)],
    Buffer.from([0, 0x18, 0xff, 0xff]),
    box('avcC', Buffer.from(codecpar.extradata ?? [])),
  );
  input.close();
  return { samples, entry };
}

/** An MP4 of the pictures of `sources`, in H.264 and at 25 a second, with a sample description for each of them. */
export function joinAsMp4(path: string, sources: string[]): void {
  const parts = sources.map(partOf);
  const samples = parts.flatMap((part) => part.samples);
  const frame = 3_600;
  const duration = samples.length * frame;
  const matrix = u32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000);
  const ftyp = box('ftyp', Buffer.from('isom\0\0\0\0isom', 'latin1'));
  const mdat = box('mdat', ...samples.map(({ data }) => data));
  let offset = ftyp.length + 8;
  const offsets = parts.map((part) => {
    const start = offset;
    for (const { data } of part.samples) offset += data.length;
    return [start];
  });
  const stbl = box(
    'stbl',
    box('stsd', u32(0, parts.length), ...parts.map(({ entry }) => entry)),
    table('stts', [[samples.length, frame]]),
    table(
      'ctts',
      samples.map(({ pts, dts }) => [1, pts - dts]),
    ),
    table(
      'stss',
      samples.flatMap(({ isKey }, i) => (isKey ? [[i + 1]] : [])),
    ),
    // first_chunk, samples_per_chunk, sample_description_index
    table(
      'stsc',
      parts.map((part, i) => [i + 1, part.samples.length, i + 1]),
    ),
    box('stsz', u32(0, 0, samples.length), u32(...samples.map(({ data }) => data.length))),
    table('stco', offsets),
  );
  const moov = box(
    'moov',
    box('mvhd', u32(0, 0, 0, 90_000, duration, 0x1_0000, 0x100_0000, 0, 0), matrix, u32(0, 0, 0, 0, 0, 0, 2)),
    box(
      'trak',
      box('tkhd', u32(7, 0, 0, 1, 0, duration, 0, 0, 0, 0), matrix, u32(320 << 16, 180 << 16)),
      box(
        'mdia',
        box('mdhd', u32(0, 0, 0, 90_000, duration, 0)),
        box('hdlr', u32(0, 0), Buffer.from('vide'), u32(0, 0, 0), Buffer.alloc(1)),
        box('minf', box('vmhd', u32(1, 0, 0)), box('dinf', box('dref', u32(0, 1), box('url ', u32(1)))), stbl),
      ),
    ),
  );
  writeFileSync(path, Buffer.concat([ftyp, mdat, moov]));
}

/** FLV (Adobe's specification 10.1, annex E.3 and E.4.1): a header of 9 bytes, then each tag behind the size of the one before. */
const FLV_HEADER = 9;
const TAG_HEADER = 11;
const TAG_SCRIPT = 18;

/** An FLV file whose encoder is started again: the tags of the second file behind those of the first, `seconds` later. */
export function joinAsFlv(path: string, [first, second]: [first: string, second: string], seconds: number): void {
  const start = readFileSync(first);
  const more = Buffer.from(readFileSync(second));
  const tags: Buffer[] = [];
  for (let at = FLV_HEADER + 4; at + TAG_HEADER <= more.length; ) {
    const length = TAG_HEADER + more.readUIntBE(at + 1, 3) + 4;
    // Timestamp (24 bits) and TimestampExtended
    const time = more.readUIntBE(at + 4, 3) + more[at + 7]! * 2 ** 24 + seconds * 1_000;
    more.writeUIntBE(time % 2 ** 24, at + 4, 3);
    more[at + 7] = Math.floor(time / 2 ** 24);
    if (more[at] !== TAG_SCRIPT) tags.push(more.subarray(at, at + length));
    at += length;
  }
  writeFileSync(path, Buffer.concat([start, ...tags]));
}
