/** Splices: where a station can be cut, and the period that goes on from there with its counters and time stamps. */

import { PacketNumber, TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { isContinuous } from '../reel/further-streams.js';
import { type CounterShift, Pid } from '../wire/ts.js';
import { makeFiller } from './make-filler.js';
import type { PeriodOptions, PeriodStart } from './period.js';
import { SpliceFiller } from './splice-filler.js';
import {
  beginsUnit,
  endOfPictures,
  furtherPidsOf,
  furtherStreamsOf,
  type SpliceState,
  spliceStateAt,
} from './splice-state.js';
import { Station } from './station.js';
import { Timeline } from './timeline.js';

/** Cuts are looked for in parts of a station of this length. */
const LOOK = Ticks90k(TICKS_PER_SECOND / 4);
/** Packets of this time behind a cut show that it is one: in a loud scene, sound leaves at such intervals. */
const LOOK_BEHIND = Ticks90k(TICKS_PER_SECOND / 2);
/** Part of a station in which a cut is looked for: whole reels have several a second. */
const MOST_SEARCHED = Ticks90k(10 * TICKS_PER_SECOND);
/** Longest time by which packets leave before the end of their picture or sound: a second, and a picture of a slow film. */
const MOST_AHEAD = Ticks90k(5 * TICKS_PER_SECOND);
/** Of the cuts within this time behind the first one, the best is taken. */
const CHOICE = Ticks90k(TICKS_PER_SECOND / 2);

/** The station without the periods that open with packet `first` or later. */
export const before = ({ ssrc, timeline }: Station, first: PacketNumber): Station =>
  new Station({ timeline: timeline.before(first), ssrc });

/** The first packet that leaves after `time`. */
const firstAfter = (station: Station, time: number): PacketNumber => PacketNumber(station.at(Ticks90k(time)) + 1);

/** The first random access point that leaves at `time` or later. */
export function nextRandomAccess(station: Station, time: Ticks90k): PacketNumber {
  let n = firstAfter(station, time - 1);
  while (station.randomAccessBefore(n) !== n) n++;
  return n;
}

/**
 * A packet that leaves at `time` or later and at which a station can be cut, so that everything before it is whole. A JPEG
 * station can be cut between pictures; an MPEG-TS station where no packet is still to come of a picture or a sound unit that
 * has begun. Of those within half a second, it is the one before which pictures are furthest ahead: the last picture stands
 * for the shortest time. Of a damaged reel, which may have none, it is a random access point.
 */
export function nextCut(station: Station, time: Ticks90k): PacketNumber {
  if (station.format === 'jpeg') return nextRandomAccess(station, time);
  let from = firstAfter(station, time - 1);
  let best: { cut: PacketNumber; ahead: number } | null = null;
  let last = time + MOST_SEARCHED;
  while (station.due(from) <= last) {
    const to = firstAfter(station, station.due(from) + LOOK);
    for (const cut of cleanCuts(station, { from, to, end: firstAfter(station, station.due(to) + LOOK_BEHIND) })) {
      const due = station.due(cut);
      if (best === null) last = due + CHOICE;
      else if (due > last) break;
      const ahead = endOfPictures(station, cut) - due;
      if (best === null || ahead > best.ahead) best = { cut, ahead };
    }
    from = to;
  }
  return best?.cut ?? nextRandomAccess(station, time);
}

/** The cuts among packets `from` to `to` − 1, as far as the packets before `end` show. */
function cleanCuts(
  station: Station,
  { from, to, end }: { from: PacketNumber; to: PacketNumber; end: PacketNumber },
): PacketNumber[] {
  const cuts: PacketNumber[] = [];
  let picturesBegin = false;
  let soundBegins = false;
  // A unit that has begun has left within 40 ms, so where none is seen it has ended.
  const furtherBegin = new Map(furtherPidsOf(station).map((pid) => [pid, true]));
  for (const [index, packet] of [...station.packets(from, end).entries()].reverse()) {
    const n = PacketNumber(from + index);
    picturesBegin = beginsUnit(packet, Pid.video) ?? picturesBegin;
    soundBegins = beginsUnit(packet, Pid.audio) ?? soundBegins;
    for (const [pid, begins] of furtherBegin) furtherBegin.set(pid, beginsUnit(packet, pid) ?? begins);
    const allBegin = picturesBegin && soundBegins && [...furtherBegin.values()].every(Boolean);
    // A filler is not cut: it has no reel.
    if (allBegin && n < to && station.ranges(n, PacketNumber(n + 1)).length > 0) cuts.push(n);
  }
  return cuts.reverse();
}

/**
 * The period in which `start` is played from packet `cut` of a station on, one of `nextCut` or an item's first.
 *
 * It opens when that packet would have left, with a filler that has the sound still to be heard. That takes some ten
 * milliseconds, or up to 0.75 s where time stamps would overlap otherwise: an item that is begun in its midst sends its first
 * picture that much less ahead of its time. Behind damaged packets it opens without a filler, and its counters may jump. Throws
 * when a reel cannot be read.
 */
export function periodFrom(station: Station, cut: PacketNumber, start: PeriodStart): PeriodOptions {
  const ending = before(station, cut);
  const due = ending.due(cut);
  if (station.format === 'jpeg') return { ...start, from: due, first: cut, counters: null };
  const old = endingState(ending, cut);
  if (old === null) return { ...start, from: due, first: cut, counters: null };
  const alone = Timeline.of({ periods: [{ ...start, from: Ticks90k(0), first: PacketNumber(0), counters: null }] });
  const own = spliceStateAt(new Station({ timeline: alone, ssrc: 0 }), PacketNumber(0));
  const overlaps = furtherStreamsOf(station).map((stream, i) =>
    isContinuous(stream) ? old.further[i]! - due - own.further[i]! : 0,
  );
  const wait = Ticks90k(Math.max(0, old.pictures - due - own.pictures, old.sound - due - own.sound, ...overlaps));
  const between = makeFiller(ending, cut, { old, own, wait });
  if (between === null) return { ...start, from: due, first: cut, counters: difference(old.counters, own.counters) };
  const { data, counters } = between;
  return {
    ...start,
    from: Ticks90k(due + data.duration),
    first: PacketNumber(cut + new SpliceFiller(data).count),
    counters: difference(counters, own.counters),
    filler: data,
  };
}

/** The state in which a station ends with packet `cut`; null where the packets around it are damaged. */
function endingState(station: Station, cut: PacketNumber): SpliceState | null {
  try {
    const state = { ...spliceStateAt(station, cut), pictures: endOfPictures(station, cut) };
    const isClose = (time: Ticks90k) => Math.abs(time - station.due(cut)) <= MOST_AHEAD;
    return isClose(state.pictures) && isClose(state.sound) ? state : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function difference(old: CounterShift, own: CounterShift): CounterShift | null {
  const less = (name: 'pat' | 'pmt' | 'video' | 'audio') => (old[name] - own[name]) & 0x0f;
  const shift = { pat: less('pat'), pmt: less('pmt'), video: less('video'), audio: less('audio') };
  const further = old.further?.map((counter, i) => (counter - (own.further?.[i] ?? 0)) & 0x0f);
  if ([...Object.values(shift), ...(further ?? [])].every((added) => added === 0)) return null;
  return further ? { ...shift, further } : shift;
}
