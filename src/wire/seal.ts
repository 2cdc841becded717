/**
 * Seals of control messages, by which servers and viewers that share a key believe only each other.
 *
 *     message key = HKDF-SHA256(content of the key's file, no salt, info "MSC1 control"), 32 bytes
 *     seal        = HMAC-SHA256(message key, place, all bytes of the message before the seal), cut to 16 bytes
 *
 *     place:
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                  IPv4 address of the server                   |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |    its control port           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * The place binds a message to its server in both directions: another machine can neither pass a reply on as its own nor
 * have its requests sealed by a viewer. The type byte, which is covered, tells requests from replies, and the cookie binds a
 * request to its client and time, the request id a reply to its request.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { SocketAddress } from '../base/socket-address.js';
import {
  type AnyMessage,
  decodeMessage,
  encodeMessage,
  hasCookie,
  isRequest,
  type MessageType,
  readHeader,
  SEAL_LENGTH,
} from './message.js';

const KEY_LENGTH = 32;

/** 32 bytes, as `messageKey` makes them. */
export type MessageKey = Uint8Array;

/** The key of messages that follows from a secret. */
export const messageKey = (secret: Uint8Array): MessageKey =>
  new Uint8Array(hkdfSync('sha256', secret, '', 'MSC1 control', KEY_LENGTH));

/**
 * Why a message is not believed: it is sealed and we have no key; we have a key and it is not sealed; it is sealed with
 * another key, or was changed on the way.
 */
export type Mismatch = 'we-have-no-key' | 'it-has-no-key' | 'other-key';

/** A message that can be believed, or one that cannot. */
export type Reading =
  | { kind: 'message'; message: AnyMessage }
  | { kind: 'foreign'; type: MessageType; requestId: number; mismatch: Mismatch };

function placeOf({ address, port }: SocketAddress): Buffer {
  const place = Buffer.alloc(6);
  for (const [at, part] of address.split('.').entries()) place[at] = Number(part);
  place.writeUInt16BE(port, 4);
  return place;
}

/** Writes and reads messages as our key demands; without a key nothing is sealed, and nothing sealed is believed. */
export class Seals {
  /** A Buffer, which createHmac takes faster than another array. */
  readonly #key: Buffer | null;

  constructor(key: MessageKey | null) {
    if (key !== null && key.length !== KEY_LENGTH) throw new RangeError(`A key of messages has ${KEY_LENGTH} bytes`);
    this.#key = key && Buffer.from(key);
  }

  /** Bytes that a seal adds to a message. */
  get overhead(): number {
    return this.#key === null ? 0 : SEAL_LENGTH;
  }

  /**
   * Encodes a message to or from `server`. A request without a cookie is never sealed: the server reads its header only,
   * and would have to check the seals of forged requests.
   */
  encode(message: AnyMessage, server: SocketAddress, { minLength = 0 } = {}): Buffer {
    const isSealed = this.#key !== null && (!isRequest(message) || hasCookie(message.cookie));
    const datagram = encodeMessage(message, { minLength, isSealed });
    if (isSealed) this.seal(datagram, server);
    return datagram;
  }

  /** Seals an encoded message that has room for it; does nothing without a key. */
  seal(datagram: Buffer, server: SocketAddress): void {
    if (this.#key !== null) sealOf(this.#key, datagram, server).copy(datagram, datagram.length - SEAL_LENGTH);
  }

  /** Reads a message to or from `server`; null for a datagram that is none. Never throws. */
  read(datagram: Buffer, server: SocketAddress): Reading | null {
    const header = readHeader(datagram);
    if (header === null) return null;
    const { type, requestId, isSealed } = header;
    const mismatch = this.#mismatchOf(datagram, isSealed, server);
    if (mismatch !== null) return { kind: 'foreign', type, requestId, mismatch };
    const message = decodeMessage(datagram, { isSealed });
    return message && { kind: 'message', message };
  }

  #mismatchOf(datagram: Buffer, isSealed: boolean, server: SocketAddress): Mismatch | null {
    if (this.#key === null) return isSealed ? 'we-have-no-key' : null;
    if (!isSealed) return 'it-has-no-key';
    const seal = datagram.subarray(datagram.length - SEAL_LENGTH);
    return timingSafeEqual(sealOf(this.#key, datagram, server), seal) ? null : 'other-key';
  }
}

/** The seal that belongs at the end of `datagram`. */
function sealOf(key: Buffer, datagram: Buffer, server: SocketAddress): Buffer {
  const sealed = datagram.subarray(0, datagram.length - SEAL_LENGTH);
  return createHmac('sha256', key).update(placeOf(server)).update(sealed).digest().subarray(0, SEAL_LENGTH);
}
