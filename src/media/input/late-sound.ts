/** Sound that begins long after the pictures, behind what FFmpeg reads to find the streams of a file. */
import { AVMEDIA_TYPE_AUDIO, AVSEEK_FLAG_BYTE } from 'node-av/constants';
import { Codec, type FormatContext, Packet, type Stream } from 'node-av/lib';
import { Problem } from '../../base/problem.js';
import { Decoder, Undecodable } from '../decoder.js';

/** Containers whose header does not describe the sound: it is known when it comes. */
const headerless = /^(mpegts|mpeg|flv|live_flv)$/;

/** Bytes read for the first sound of a film: seven minutes of the fastest broadcasts. */
const FOR_THE_FIRST = 2 ** 30;
/** Bytes read for other tracks. */
const FOR_OTHERS = 2 ** 26;

/**
 * Reads on where the tables of a transport stream name sound that has not come yet, or a container without tables has shown
 * none, and completes the parameters of the streams. Then the file is read from its beginning again.
 */
export function findLateSound(context: FormatContext, source: string): void {
  if (!headerless.test(context.iformat?.name ?? '')) return;
  const sounds = context.streams.filter(isSound);
  if (sounds.length > 0 && sounds.every((stream) => isKnown(stream) || !isDecodable(stream))) return;
  readUntilKnown(context, source);
  // Formats without an index have this kind of seeking in common.
  if (context.seekFrameSync(-1, 0n, AVSEEK_FLAG_BYTE) < 0) {
    throw new Problem(
      'source',
      `${source}: cannot be read again from its beginning`,
      'Convert it to MP4 and try again.',
    );
  }
}

const isSound = ({ codecpar }: Stream): boolean => codecpar.codecType === AVMEDIA_TYPE_AUDIO;
const isKnown = ({ codecpar }: Stream): boolean => codecpar.sampleRate > 0 && codecpar.channels > 0;
const isDecodable = ({ codecpar }: Stream): boolean => Codec.findDecoder(codecpar.codecId) !== null;

function readUntilKnown(context: FormatContext, source: string): void {
  const decoders = new Map<number, Decoder>();
  const packet = new Packet();
  packet.alloc();
  let { streams } = context;
  let unknown = streams.filter((stream) => isSound(stream) && !isKnown(stream));
  let limit = streams.some((stream) => isSound(stream) && isKnown(stream)) ? FOR_OTHERS : FOR_THE_FIRST;
  try {
    // The position is read for the packets of sound and pictures alike: there may be no sound.
    while (context.pbBytes < limit && context.readFrameSync(packet) >= 0) {
      const { streamIndex } = packet;
      if (streamIndex >= streams.length) {
        streams = context.streams;
        unknown = streams.filter((stream) => isSound(stream) && !isKnown(stream));
      }
      const stream = unknown.find(({ index }) => index === streamIndex);
      if (stream && learn(stream, packet, decoders, source)) {
        unknown = unknown.filter((other) => other !== stream);
        if (unknown.length === 0) return;
        limit = Math.min(limit, Number(context.pbBytes) + FOR_OTHERS);
      }
      packet.unref();
    }
  } finally {
    packet.free();
    for (const decoder of decoders.values()) decoder.free();
  }
}

/** Decodes a packet; true when the parameters of `stream` are known. */
function learn(stream: Stream, packet: Packet, decoders: Map<number, Decoder>, source: string): boolean {
  const decoder = decoders.get(stream.index) ?? decoderOf(stream, source);
  if (decoder === null) return false;
  decoders.set(stream.index, decoder);
  let hasSound = false;
  decoder.decode(packet, () => {
    hasSound = true;
  });
  if (hasSound) decoder.describe(stream.codecpar);
  return hasSound;
}

function decoderOf(stream: Stream, source: string): Decoder | null {
  try {
    return new Decoder(stream, source);
  } catch (error) {
    if (error instanceof Undecodable) return null;
    throw error;
  }
}
