import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PTS_MODULUS, Ticks90k, ticksToMillis, wrap } from '../../src/base/units.js';
import { closeReel } from '../../src/reel/open-reel.js';
import { ReelFile } from '../../src/reel/reel.js';
import type { Store } from '../../src/reel/store.js';
import {
  Pid,
  payloadStart,
  pidOf,
  startsPayloadUnit,
  TS_PACKET_LENGTH,
  TS_PACKETS_PER_GROUP,
} from '../../src/wire/ts.js';
import { reelId } from './reels.js';

/** Milliseconds from the first and the last packet of each picture of a reel to its time stamp. */
export async function leadsOf(store: Store, source: string): Promise<{ first: number[]; last: number[] }> {
  const id = await reelId(store, source);
  const reel = await store.openReel(id);
  const bytes = readFileSync(join(store.reelFolder(id), ReelFile.packets.h264));
  const leads: { first: number[]; last: number[] } = { first: [], last: [] };
  let pts: number | null = null;
  let sent = 0;
  for (let i = 0; i * TS_PACKET_LENGTH < bytes.length; i++) {
    const at = i * TS_PACKET_LENGTH;
    if (pidOf(bytes, at) !== Pid.video) continue;
    const due = reel.due(Math.floor(i / TS_PACKETS_PER_GROUP));
    if (startsPayloadUnit(bytes, at)) {
      if (pts !== null) leads.last.push(ticksToMillis(Ticks90k(pts - sent)));
      pts = readPts(bytes, at + payloadStart(bytes, at));
      leads.first.push(ticksToMillis(Ticks90k(pts - due)));
    }
    sent = due;
  }
  if (pts !== null) leads.last.push(ticksToMillis(Ticks90k(pts - sent)));
  closeReel(reel);
  return leads;
}

/** PTS[32..30], marker, PTS[29..15], marker, PTS[14..0], marker: ISO/IEC 13818-1, 2.4.3.6. */
function readPts(bytes: Buffer, pes: number): number {
  const at = pes + 9;
  const high = (bytes[at]! >> 1) & 0x07;
  return wrap(
    high * 2 ** 30 + (bytes.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (bytes.readUInt16BE(at + 3) >> 1),
    PTS_MODULUS,
  );
}
