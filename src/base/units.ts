/**
 * Time as it stands on the wire, and the one place where counters wrap.
 *
 * Ticks of 90 kHz since the Unix epoch are safe integers for the next three thousand years (1.6e14 in 2026);
 * ticks of 27 MHz are not, so a PCR is kept as its base (90 kHz) and extension (0–299).
 */

declare const unit: unique symbol;

/**
 * A number of a unit, which no plain number and no number of another unit is assignable to: a sum of two units does not
 * compile where either is wanted. `Millis(x)`, `Ticks90k(x)` and `PacketNumber(x)` say that a plain number is of that
 * unit. They convert and check nothing: the engine inlines them, and each costs about a nanosecond.
 *
 * Use them where a number comes in (a literal, a clock, a typed array, the wire) and around arithmetic, whose result is
 * a plain number. Between milliseconds and ticks use `millisToTicks` and `ticksToMillis` instead. Counts, and ticks with
 * a fraction, are plain numbers.
 */
type Unit<Name extends string> = number & { readonly [unit]: Name };

/** A number of 90 kHz ticks: a duration, or a time since the Unix epoch. Always an integer, never wrapped. */
export type Ticks90k = Unit<'Ticks90k'>;
export const Ticks90k = (value: number): Ticks90k => value as Ticks90k;

/** Milliseconds: a duration, or a time since the Unix epoch. May have a fraction. */
export type Millis = Unit<'Millis'>;
export const Millis = (value: number): Millis => value as Millis;

/** The absolute number of an RTP packet, counted from its station's epoch. A safe integer, never wrapped. */
export type PacketNumber = Unit<'PacketNumber'>;
export const PacketNumber = (value: number): PacketNumber => value as PacketNumber;

export const TICKS_PER_SECOND = 90_000;
export const TICKS_PER_MILLI = 90;

/** 2^16: RTP sequence numbers. */
export const SEQUENCE_MODULUS = 0x1_0000;
/** 2^32: RTP timestamps. */
export const RTP_TIME_MODULUS = 0x1_0000_0000;
/** 2^33: PTS, DTS and the base of a PCR. */
export const PTS_MODULUS = 0x2_0000_0000;

/** Milliseconds to the tick at or before. */
export const millisToTicks = (time: Millis): Ticks90k => Math.floor(time * TICKS_PER_MILLI) as Ticks90k;
export const ticksToMillis = (time: Ticks90k): Millis => (time / TICKS_PER_MILLI) as Millis;

/**
 * `value` modulo `modulus`, never negative. Arithmetic, not bit operators: those end at 32 bits. Not the operator `%`
 * either: above 32 bits it is many times slower. Exact, for dividing by a power of two is.
 */
export function wrap(value: number, modulus: number): number {
  return value - Math.floor(value / modulus) * modulus;
}

/**
 * The signed distance from `from` to `to` on a circle of `modulus`: in [-modulus/2, modulus/2).
 * Both may be wrapped or not.
 */
export function wrappedDistance(from: number, to: number, modulus: number): number {
  const ahead = wrap(to - from, modulus);
  return ahead >= modulus / 2 ? ahead - modulus : ahead;
}

/** The unwrapped value nearest to `near` that is `wrapped` modulo `modulus`. */
export function unwrap(wrapped: number, near: number, modulus: number): number {
  return near + wrappedDistance(near, wrapped, modulus);
}
