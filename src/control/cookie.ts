/**
 * Cookies, which prove that a client receives what is sent to its address. The server stores none: a cookie is
 * HMAC-SHA256(secret, address:port, slot), cut to 16 bytes, where slot counts spans of five minutes.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SocketAddress } from '../base/socket-address.js';
import { Millis } from '../base/units.js';
import { COOKIE_LENGTH, hasCookie } from '../wire/message.js';

/**
 * A cookie is valid for 5 to 10 minutes. Every reply brings the newest one, and a session sends at least every 10 s, so
 * it always has a valid one.
 */
export const COOKIE_SLOT = Millis(5 * 60_000);

const cookieOfSlot = (secret: Buffer, { address, port }: SocketAddress, slot: number): Buffer =>
  createHmac('sha256', secret).update(`${address}:${port}/${slot}`).digest().subarray(0, COOKIE_LENGTH);

const slotAt = (now: Millis): number => Math.floor(now / COOKIE_SLOT);

/** Earliest expiry of a cookie that is valid at `now`. */
export const goodUntil = (now: Millis): Millis => Millis((slotAt(now) + 1) * COOKIE_SLOT);

export interface CheckedCookie {
  /** Whether it was given to this client in this slot or the one before. */
  isGood: boolean;
  /** The cookie to give now. */
  newest: Buffer;
}

/** Checks the cookie (16 bytes) of a request. */
export function checkCookie(secret: Buffer, client: SocketAddress, now: Millis, cookie: Buffer): CheckedCookie {
  const slot = slotAt(now);
  const newest = cookieOfSlot(secret, client, slot);
  const isGood =
    hasCookie(cookie) &&
    (timingSafeEqual(newest, cookie) || timingSafeEqual(cookieOfSlot(secret, client, slot - 1), cookie));
  return { isGood, newest };
}
