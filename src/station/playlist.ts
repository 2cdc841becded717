/** Items that follow each other and are repeated from the first: one cycle of them, in packets and in time. */

import { Ticks90k } from '../base/units.js';
import { lastAtMost, type Reel } from '../reel/reel.js';

/** One thing that a station plays. */
export interface StationItem {
  name: string;
  reel: Reel;
}

/** Whether both reels have the same packets. */
export const isSameReel = (a: Reel, b: Reel): boolean =>
  a.data.manifest.id === b.data.manifest.id && a.data.manifest.checksum === b.data.manifest.checksum;

const known = new WeakMap<readonly StationItem[], Playlist>();

/** Responsible for: which item a packet or a moment of a cycle belongs to. */
export class Playlist {
  readonly items: readonly StationItem[];
  /** Packets and ticks of one cycle. */
  readonly packetCount: number;
  readonly duration: Ticks90k;
  /** Where each item begins in a cycle. */
  readonly firstPackets: readonly number[];
  readonly startTimes: readonly Ticks90k[];

  /** The playlist of an array of items, which does not change from then on. Throws a RangeError where it is empty. */
  static of(items: readonly StationItem[]): Playlist {
    const playlist = known.get(items) ?? new Playlist(items);
    known.set(items, playlist);
    return playlist;
  }

  private constructor(items: readonly StationItem[]) {
    if (items.length === 0) throw new RangeError('a station needs at least one item');
    this.items = items;
    const firstPackets: number[] = [];
    const startTimes: Ticks90k[] = [];
    let packets = 0;
    let time = Ticks90k(0);
    for (const { reel } of items) {
      firstPackets.push(packets);
      startTimes.push(time);
      packets += reel.packetCount;
      time = Ticks90k(time + reel.duration);
    }
    this.packetCount = packets;
    this.duration = time;
    this.firstPackets = firstPackets;
    this.startTimes = startTimes;
  }

  /** Index of the item that `packet` of a cycle belongs to. */
  itemOfPacket(packet: number): number {
    return lastAtMost(this.firstPackets, packet);
  }

  /** Index of the item that plays at `time` of a cycle. */
  itemAt(time: Ticks90k): number {
    return lastAtMost(this.startTimes, time);
  }
}
