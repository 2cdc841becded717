/**
 * Binary frames of `/live`: a header, then media as players take it. Used by the gateway and by its page.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+-------------------------------+
 *     |     kind      |     flags     |            channel            |
 *     +---------------+---------------+-------------------------------+
 *     |                           reserved, 0                         |
 *     +---------------------------------------------------------------+
 *     |            time: IEEE 754 double, big-endian,                 |
 *     |            milliseconds since the Unix epoch                  |
 *     +---------------------------------------------------------------+
 */

export const LIVE_HEADER_LENGTH = 16;

/** ts: MPEG-TS packets. jpeg: one picture of a jpeg station. thumbnail: a small picture of a station's stream. */
export const FrameKind = { ts: 1, jpeg: 2, thumbnail: 3 } as const;

export const FrameFlag = {
  /** A decoder can start here. */
  randomAccess: 1,
  /** A part of the stream before this frame is missing. */
  discontinuity: 2,
} as const;

export interface FrameHeader {
  kind: number;
  flags: number;
  /** Of a thumbnail: the station's number. */
  channel: number;
  /** Time at which the first packet left; of a picture, its own time. */
  time: number;
}

/** Writes a header into the first LIVE_HEADER_LENGTH bytes of `view`. */
export function writeFrameHeader(view: DataView, { kind, flags, channel, time }: FrameHeader): void {
  view.setUint8(0, kind);
  view.setUint8(1, flags);
  view.setUint16(2, channel);
  view.setUint32(4, 0);
  view.setFloat64(8, time);
}

/** Null for a frame that is too short or of an unknown kind. */
export function readFrameHeader(view: DataView): FrameHeader | null {
  if (view.byteLength < LIVE_HEADER_LENGTH) return null;
  const kind = view.getUint8(0);
  if (kind < FrameKind.ts || kind > FrameKind.thumbnail) return null;
  return { kind, flags: view.getUint8(1), channel: view.getUint16(2), time: view.getFloat64(8) };
}
