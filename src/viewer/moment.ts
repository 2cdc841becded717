/** Moments of a station to play: from the receiver's buffer where it holds them, else from the server. */

import { Millis, millisToTicks, TICKS_PER_SECOND, Ticks90k, ticksToMillis } from '../base/units.js';
import { mediaDelayOf } from '../contract/timing.js';
import type { StationReceiver, Target } from '../receiver/station-receiver.js';
import type { Cursor, StreamBuffer } from '../receiver/stream-buffer.js';
import { isTransport, type StationFormat } from '../wire/station-format.js';

/** Where a player begins. */
export interface Moment {
  buffer: StreamBuffer;
  /** Opens the cursor to read from; null while the buffer does not hold it yet. */
  begin: (buffer: StreamBuffer) => Cursor | null;
  /** The first picture to show; null: the first one there is. */
  from: Ticks90k | null;
}

/** Added to times on the wire, which are rounded: the picture of exactly that tick must not be missed. */
const ROUNDING = Millis(1);

/** Age of the newest unit above which the buffer does not hold the present. */
const LONGEST_DELAY = Ticks90k(TICKS_PER_SECOND);

const atFirst = (buffer: StreamBuffer): Cursor | null => buffer.openAtFirstRandomAccess();

/**
 * The picture on the air, at once: the last random access point whose picture is due, or was due `behind` ago.
 */
export function onAir(receiver: StationReceiver, behind = Millis(0)): Moment {
  const lead = mediaDelayOf(receiver.station.format);
  const begin = (buffer: StreamBuffer): Cursor | null => {
    const now = receiver.serverNow();
    const due = now === null ? null : buffer.openAtRandomAccess(Ticks90k(millisToTicks(Millis(now - behind)) - lead));
    return due ?? buffer.openAtLastRandomAccess();
  };
  return { buffer: receiver.buffer, begin, from: null };
}

/** The target to seek from the server so as to show the picture of that time. */
export const targetOf = (format: StationFormat, picture: Ticks90k): Target & { kind: 'time' } => ({
  kind: 'time',
  time: Millis(ticksToMillis(Ticks90k(picture - mediaDelayOf(format))) + ROUNDING),
  item: false,
});

/** The beginning of a stream that was sought for this picture. */
export function beginningWith(receiver: StationReceiver, picture: Ticks90k): Moment {
  return { buffer: receiver.buffer, begin: atFirst, from: exactly(receiver, picture) };
}

/** The picture on the air exactly, not the random access point before it. */
export function exactlyOnAir(receiver: StationReceiver, behind = Millis(0)): Moment {
  const now = receiver.serverNow();
  const from = now === null ? null : exactly(receiver, millisToTicks(Millis(now - behind)));
  return { ...onAir(receiver, behind), from };
}

/** Seeks the picture on the air. */
export async function seekOnAir(receiver: StationReceiver): Promise<Moment> {
  if (!holdsLive(receiver)) await receiver.seek({ kind: 'live' });
  return exactlyOnAir(receiver);
}

/** Seeks the picture of that time. Rejects with a Problem where it is not held and the server refuses it. */
export async function seekPicture(receiver: StationReceiver, picture: Ticks90k): Promise<Moment> {
  const sent = Ticks90k(picture - mediaDelayOf(receiver.station.format));
  const here = (buffer: StreamBuffer): Cursor | null => buffer.openAtRandomAccess(sent);
  if (isHeld({ buffer: receiver.buffer, begin: here })) {
    const begin = (buffer: StreamBuffer): Cursor | null => here(buffer) ?? atFirst(buffer);
    return { buffer: receiver.buffer, begin, from: exactly(receiver, picture) };
  }
  await receiver.seek(targetOf(receiver.station.format, picture));
  return beginningWith(receiver, picture);
}

/** Seeks the beginning of the item that a picture belongs to. Rejects with a Problem where the server refuses it. */
export async function seekItem(receiver: StationReceiver, picture: Ticks90k): Promise<Moment> {
  await receiver.seek({ ...targetOf(receiver.station.format, picture), item: true });
  return { buffer: receiver.buffer, begin: atFirst, from: null };
}

/** Whether the buffer holds the present and a random access point before it. */
function holdsLive(receiver: StationReceiver): boolean {
  const now = receiver.serverNow();
  const { newest } = receiver.buffer;
  const isFarBehind = now !== null && newest !== null && millisToTicks(now) - newest > LONGEST_DELAY;
  return receiver.isLive && !isFarBehind && isHeld(onAir(receiver));
}

function isHeld({ buffer, begin }: Pick<Moment, 'buffer' | 'begin'>): boolean {
  const cursor = begin(buffer);
  if (cursor) buffer.release(cursor);
  return cursor !== null;
}

/** null for JPEG, where a player begins with any picture. */
const exactly = ({ station }: StationReceiver, picture: Ticks90k): Ticks90k | null =>
  isTransport(station.format) ? picture : null;
