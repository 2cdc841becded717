/** Copy protection: files that nobody can decode without their shop's key. */
import { AV_PKT_DATA_ENCRYPTION_INFO } from 'node-av/constants';
import type { FormatContext, Packet, Stream } from 'node-av/lib';
import { Problem } from '../../base/problem.js';

/** Sample entries of protected MP4 files: Common Encryption, and Apple's. */
const encryptedTags = new Set(['encv', 'enca', 'drmi', 'drms', 'drmt']);
/** Where FFmpeg notes an encrypted track of Matroska. */
const ENCRYPTED_TRACK = 'enc_key_id';
/** Where FFmpeg notes the encryption objects of ASF. */
const encryptedFile = ['ASF_Protection_Type', 'ASF_Key_ID', 'encryption'];

/** Throws a Problem of code `source` where a header says that one of `streams` is encrypted. */
export function checkProtection(source: string, context: FormatContext, streams: readonly (Stream | null)[]): void {
  const { metadata } = context;
  if (encryptedFile.some((key) => metadata?.get(key))) throw encrypted(source);
  for (const stream of streams) {
    const isTagged = encryptedTags.has(stream?.codecpar.codecTagString ?? '');
    if (isTagged || stream?.metadata?.get(ENCRYPTED_TRACK)) throw encrypted(source);
  }
}

/** The same for a packet: files may begin with some that are not encrypted. */
export function checkPacket(source: string, packet: Packet): void {
  if (packet.getSideData(AV_PKT_DATA_ENCRYPTION_INFO)) throw encrypted(source);
}

function encrypted(source: string): Problem {
  return new Problem(
    'source',
    `${source}: is encrypted (copy protection)`,
    'Use a copy without protection: this one plays only in the shop it came from.',
  );
}
