/** Changes of what a station plays: which period begins, when, and with what. */

import { type PacketNumber, TICKS_PER_SECOND, type Ticks90k } from '../base/units.js';
import type { Reel } from '../reel/reel.js';
import { type CounterShift, Pid } from '../wire/ts.js';
import type { Period, PeriodOptions, PeriodStart, StationItem } from './period.js';
import { filler, SpliceFiller } from './splice-filler.js';
import { beginsUnit, endOfPictures, spliceStateAt } from './splice-state.js';
import { Station, type TimedItem } from './station.js';

/**
 * A change begins no sooner than this from now: threads send, read ahead and serve single viewers up to a second ahead, and
 * get to know of it before.
 */
export const NOTICE: Ticks90k = 2 * TICKS_PER_SECOND;

/** A cut is looked for in so much of a station at once. */
const LOOK: Ticks90k = TICKS_PER_SECOND / 4;

/** The station without what is still to begin at packet `first` or later. */
const until = (station: Station, first: PacketNumber): Station =>
  new Station({ periods: station.periods.filter((period) => period.opening < first), ssrc: station.ssrc });

/**
 * The first packet at or behind `time` at which a station can be cut: everything before it is whole. That is where one picture
 * begins in a JPEG station; in others, where no packet of a picture or of sound is still to come whose beginning has left.
 */
export function nextCut(station: Station, time: Ticks90k): PacketNumber {
  let from = station.at(time - 1) + 1;
  if (station.format === 'jpeg') {
    while (station.randomAccessBefore(from) !== from) from++;
    return from;
  }
  for (;;) {
    const to = station.at(station.due(from) + LOOK) + 1;
    const cut = cleanCut(station, from, to, station.at(station.due(to) + LOOK) + 1);
    if (cut !== null) return cut;
    from = to;
  }
}

/** The first of packets `from` to `to` − 1 at which it can be cut, as far as can be told from those before `end`. */
function cleanCut(station: Station, from: PacketNumber, to: PacketNumber, end: PacketNumber): PacketNumber | null {
  const packets = station.packets(from, end);
  let cut: PacketNumber | null = null;
  let picturesBegin = false;
  let soundBegins = false;
  for (let n = end - 1; n >= from; n--) {
    picturesBegin = beginsUnit(packets[n - from], Pid.video) ?? picturesBegin;
    soundBegins = beginsUnit(packets[n - from], Pid.audio) ?? soundBegins;
    // A filler is not cut: it has no reel.
    if (picturesBegin && soundBegins && n < to && station.ranges(n, n + 1).length > 0) cut = n;
  }
  return cut;
}

/**
 * The period in which `start` is played in place of packet `cut` of a station, one of `nextCut`, and what follows it.
 *
 * It opens when that packet would have left, with a filler of what was still to be heard. That takes some ten milliseconds;
 * up to 0.75 s where time stamps would overlap otherwise: of an item that is begun in its midst, the first picture leaves as
 * much sooner before its time.
 */
export function periodFrom(station: Station, cut: PacketNumber, start: PeriodStart): PeriodOptions {
  const before = until(station, cut);
  const due = before.due(cut);
  if (station.format === 'jpeg') return { ...start, from: due, first: cut, counters: null };
  const old = { ...spliceStateAt(before, cut), pictures: endOfPictures(before, cut) };
  const own = spliceStateAt(new Station({ periods: [{ ...start, from: 0, first: 0, counters: null }], ssrc: 0 }), 0);
  const wait = Math.max(0, old.pictures - due - own.pictures, old.sound - due - own.sound);
  const between = filler(before, cut, { old, own, wait });
  if (between === null) return { ...start, from: due, first: cut, counters: difference(old.counters, own.counters) };
  const { data, counters } = between;
  return {
    ...start,
    from: due + data.duration,
    first: cut + new SpliceFiller(data).count,
    counters: difference(counters, own.counters),
    filler: data,
  };
}

function difference(old: CounterShift, own: CounterShift): CounterShift | null {
  const less = (name: keyof CounterShift) => (old[name] - own[name]) & 0x0f;
  const shift = { pat: less('pat'), pmt: less('pmt'), video: less('video'), audio: less('audio') };
  return Object.values(shift).every((added) => added === 0) ? null : shift;
}

/** The next item, from `time` on; null where the one that is on the air `now` ends by itself before it can be cut. */
export function skipped(station: Station, now: Ticks90k, time: Ticks90k): PeriodOptions | null {
  const { cut: end, next } = station.endOf(station.at(now));
  if (station.due(end) <= time) return null;
  const cut = nextCut(station, time);
  if (cut >= end) return null;
  const { items, index } = station.itemOnAirAt(station.due(next));
  return periodFrom(station, cut, { items, item: index, packet: 0 });
}

/**
 * `items`, from the end of the item on that is on the air at `time`. They go on with what follows that item among them;
 * where it is none of them, with what followed it and is still one.
 */
export function replaced(station: Station, time: Ticks90k, items: readonly StationItem[]): PeriodOptions {
  const { cut } = station.endOf(station.at(time));
  return periodFrom(station, cut, { items, item: following(station.itemOnAirAt(time), items), packet: 0 });
}

/** `items` at once, from `time` on, begun with the first. */
export function begun(station: Station, time: Ticks90k, items: readonly StationItem[]): PeriodOptions {
  return periodFrom(station, nextCut(station, time), { items, item: 0, packet: 0 });
}

function following({ item, items: before, index }: TimedItem, items: readonly StationItem[]): number {
  const place = placeOf(item, items);
  if (place >= 0) return (place + 1) % items.length;
  for (let step = 1; step < before.length; step++) {
    const there = placeOf(before[(index + step) % before.length], items);
    if (there >= 0) return there;
  }
  return 0;
}

/** Where an item is among others: itself, or what is played under its name, or what is the same under another. */
function placeOf(item: StationItem, items: readonly StationItem[]): number {
  const itself = items.indexOf(item);
  if (itself >= 0) return itself;
  const named = items.findIndex((each) => each.name === item.name && isSameReel(each.reel, item.reel));
  return named >= 0 ? named : items.findIndex((each) => isSameReel(each.reel, item.reel));
}

/** Whether both have the same packets. */
export const isSameReel = (a: Reel, b: Reel): boolean =>
  a.data.manifest.id === b.data.manifest.id && a.data.manifest.checksum === b.data.manifest.checksum;

/** A slate over and over, from `time` on, in place of what the station plays or of another slate. */
export function slated(
  station: Station,
  now: Ticks90k,
  time: Ticks90k,
  slate: { id: string; item: StationItem },
): PeriodOptions {
  const period = begun(station, time, [slate.item]);
  return { ...period, slate: { id: slate.id, programme: station.slate?.programme ?? programmeFrom(station, now) } };
}

/** The periods from `now` on that are no slates'. The newest is none. */
function programmeFrom({ periods }: Station, now: Ticks90k): Period[] {
  const onAir = periods.findLastIndex(({ from }) => from <= now);
  const slate = periods.findLastIndex(({ slate }) => slate !== null);
  return periods.slice(Math.max(onAir, slate + 1));
}

/** The station without the slate that it shows. */
export const withoutSlate = (station: Station): Station =>
  station.slate === null ? station : new Station({ periods: station.slate.programme, ssrc: station.ssrc });

/**
 * What it plays again in place of a slate, from `time` on: what it would be playing by then, from the random access point
 * before on. So the guide is right again, give or take the distance of random access points.
 */
export function resumed(station: Station, time: Ticks90k): PeriodOptions {
  const programme = withoutSlate(station);
  const cut = nextCut(station, time);
  const n = programme.randomAccessBefore(programme.at(until(station, cut).due(cut)));
  const [{ from: packet }] = programme.ranges(n, n + 1);
  const { items, index } = programme.itemOnAirAt(programme.due(n));
  return periodFrom(station, cut, { items, item: index, packet });
}
