/** Moments of a station: from what is held, as far as it is, and from the server. */

import { type Millis, millisToTicks, TICKS_PER_SECOND, type Ticks90k, ticksToMillis } from '../base/units.js';
import { mediaDelayOf } from '../contract/timing.js';
import type { StationReceiver, Target } from '../receiver/station-receiver.js';
import type { Cursor, StreamBuffer } from '../receiver/stream-buffer.js';
import type { StationFormat } from '../wire/station-info.js';

/** What a player is given so that it shows one. */
export interface Moment {
  buffer: StreamBuffer;
  /** Where who reads now begins; null while that is not there yet. */
  begin: (buffer: StreamBuffer) => Cursor | null;
  /** The first picture to be shown; null: the first that there is. */
  from: Ticks90k | null;
}

/** A time in ticks is on the wire in milliseconds with a fraction: what begins in the very tick must not be missed. */
const ROUNDING: Millis = 1;

/** What is on the air has come after so long. */
const LATEST: Ticks90k = TICKS_PER_SECOND;

const atFirst = (buffer: StreamBuffer): Cursor | null => buffer.openAtFirstRandomAccess();

/**
 * What is on the air, at once: the last picture with which a player can begin that is due to be shown, `behind` that time.
 */
export function onAir(receiver: StationReceiver, behind: Millis = 0): Moment {
  const lead = mediaDelayOf(receiver.station.format);
  const begin = (buffer: StreamBuffer): Cursor | null => {
    const now = receiver.serverNow();
    const due = now === null ? null : buffer.openAtRandomAccess(millisToTicks(now - behind) - lead);
    return due ?? buffer.openAtLastRandomAccess();
  };
  return { buffer: receiver.buffer, begin, from: null };
}

/** What to ask a station's server for, to have the picture of that time. */
export const targetOf = (format: StationFormat, picture: Ticks90k): Target & { kind: 'time' } => ({
  kind: 'time',
  time: ticksToMillis(picture - mediaDelayOf(format)) + ROUNDING,
  item: false,
});

/** What the stream begins with, which was asked for because of this picture. */
export function beginningWith(receiver: StationReceiver, picture: Ticks90k): Moment {
  return { buffer: receiver.buffer, begin: atFirst, from: exactly(receiver, picture) };
}

/** The same, with the very picture. */
export function exactlyOnAir(receiver: StationReceiver, behind: Millis = 0): Moment {
  const now = receiver.serverNow();
  const from = now === null ? null : exactly(receiver, millisToTicks(now - behind));
  return { ...onAir(receiver, behind), from };
}

/** Goes to what is on the air, to the very picture. */
export async function seekOnAir(receiver: StationReceiver): Promise<Moment> {
  if (!holdsLive(receiver)) await receiver.seek({ kind: 'live' });
  return exactlyOnAir(receiver);
}

/** Goes to the picture of that time. Rejects with a Problem where it is not held and the server will not send it. */
export async function seekPicture(receiver: StationReceiver, picture: Ticks90k): Promise<Moment> {
  const sent = picture - mediaDelayOf(receiver.station.format);
  const here = (buffer: StreamBuffer): Cursor | null => buffer.openAtRandomAccess(sent);
  if (isHeld({ buffer: receiver.buffer, begin: here })) {
    const begin = (buffer: StreamBuffer): Cursor | null => here(buffer) ?? atFirst(buffer);
    return { buffer: receiver.buffer, begin, from: exactly(receiver, picture) };
  }
  await receiver.seek(targetOf(receiver.station.format, picture));
  return beginningWith(receiver, picture);
}

/** Goes to the beginning of the item that a picture belongs to. Rejects with a Problem where the server will not. */
export async function seekItem(receiver: StationReceiver, picture: Ticks90k): Promise<Moment> {
  await receiver.seek({ ...targetOf(receiver.station.format, picture), item: true });
  return { buffer: receiver.buffer, begin: atFirst, from: null };
}

/** Whether the buffer's newest is what is on the air, and a player can begin before that. */
function holdsLive(receiver: StationReceiver): boolean {
  const now = receiver.serverNow();
  const { newest } = receiver.buffer;
  const isFarBehind = now !== null && newest !== null && millisToTicks(now) - newest > LATEST;
  return receiver.isLive && !isFarBehind && isHeld(onAir(receiver));
}

function isHeld({ buffer, begin }: Pick<Moment, 'buffer' | 'begin'>): boolean {
  const cursor = begin(buffer);
  if (cursor) buffer.release(cursor);
  return cursor !== null;
}

/** Every JPEG picture is one to begin with. */
const exactly = ({ station }: StationReceiver, picture: Ticks90k): Ticks90k | null =>
  station.format === 'h264' ? picture : null;
