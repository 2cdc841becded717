/** What a station can be, without the schema of its description: threads that send packets start without loading that. */

/** `h264` and `hevc` are transport streams with AAC, `jpeg` is pictures without sound. */
export const stationFormats = ['h264', 'hevc', 'jpeg'] as const;
export type StationFormat = (typeof stationFormats)[number];
/** The formats that are MPEG-TS. */
export type TransportFormat = Exclude<StationFormat, 'jpeg'>;

export const isTransport = (format: StationFormat): format is TransportFormat => format !== 'jpeg';

/**
 * bit/s, the rate that a receiver's windows and credit follow from. The highest of H.264 (level 6.2, High profile:
 * 1,000 Mbit/s), and what a gigabit network carries. Films of 4K at 60 frames a second have 50 to 300 Mbit/s, JPEG
 * stations up to several hundred.
 */
export const MOST_BITRATE = 1_000_000_000;
/** Tracks of sound that a station has at most, the main one included. */
export const MOST_SOUND_TRACKS = 4;

/** Streams of subtitles that a station has at most: as many as have room in the PMT beside the tracks of sound. */
export const MOST_SUBTITLES = 5;
/** Ports that a station has above its own: parity and repair. */
export const PORTS_ABOVE = 7;

/**
 * Whether a station may have this group: IPv4 multicast, except the block of the network's own protocols (224.0.0.0/24,
 * RFC 5771, which is never forwarded and always flooded).
 */
export function isStationGroup(group: string): boolean {
  const [first = 0, second = 0, third = 0] = group.split('.').map(Number);
  return first >= 224 && first <= 239 && (first > 224 || second > 0 || third > 0);
}

/** RTP payload type: 33 MP2T, 26 JPEG (RFC 3551). Both have a 90 kHz clock. */
export const payloadTypeOf = (format: StationFormat): number => (isTransport(format) ? 33 : 26);
