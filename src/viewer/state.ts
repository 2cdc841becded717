/** The viewer's state, what happens to it, and what has to be done for it. */

import type { Millis } from '../base/units.js';
import type { StationInfo } from '../wire/station-info.js';

/** A station as the viewer lists it. */
export interface Channel {
  /** Unique among all servers. */
  key: string;
  info: StationInfo;
}

export type Mode = 'choosing' | 'watching' | 'menu' | 'ended';

export interface Notice {
  text: string;
  /** When it goes away; null: when something else happens. */
  until: Millis | null;
}

export interface ViewerState {
  mode: Mode;
  /** In order of number. */
  channels: readonly Channel[];
  /** Keys of the station that is watched and of the one before. */
  current: string | null;
  previous: string | null;
  paused: boolean;
  /** Digits of a station's number so far, and when the last came. */
  typed: string;
  typedAt: Millis;
  /** Which row of the list or the menu is marked, from 0. */
  marked: number;
  notice: Notice | null;
  /** Until when "now playing" is shown. */
  bannerUntil: Millis;
  /** waiting: for the first picture. silent: no packets have come for a while. */
  reception: 'waiting' | 'playing' | 'silent';
  /** Since when the station has been waited for. */
  tunedAt: Millis;
  /** When its last packet came; null before the first. */
  lastPacket: Millis | null;
  serverLost: boolean;
  /** How far the picture that is shown, or sought, is behind the one on the air; null where that is not known. */
  distance: Millis | null;
  /** How far behind the station's oldest picture is; null where that is not known. */
  reach: Millis | null;
  /** How late it is for the moment at which all screens show it; null while it is not kept to that. */
  offset: Millis | null;
  /** Another moment of the station was asked for, and its picture is not there yet. */
  seeking: boolean;
  /** Whether the user wants what is on the air: not after a pause, nor after seeking back. */
  following: boolean;
}

/** Which moment of the station: on the air, so much later than the picture that is shown, the beginning of its item. */
export type Seek = { kind: 'live' } | { kind: 'by'; time: Millis } | { kind: 'item' };

export type ViewerEvent =
  | { type: 'key'; key: string }
  | { type: 'channels'; channels: readonly Channel[] }
  /** A picture of the station is on the screen. */
  | { type: 'picture' }
  /** Comes a few times a second. */
  | { type: 'tick'; lastPacket: Millis | null; distance: Millis | null; reach: Millis | null; offset: Millis | null }
  | { type: 'server'; lost: boolean }
  /** The buffer no longer holds the player's position. */
  | { type: 'position-lost' }
  /** The picture is too far from its moment to come there by playing faster or slower. */
  | { type: 'out-of-step' }
  /** The moment that was asked for cannot be had: the picture goes on where it is. */
  | { type: 'seek-failed'; text: string }
  | { type: 'notice'; text: string }
  | { type: 'closed' };

export type Effect =
  | { type: 'tune'; key: string }
  | { type: 'pause' }
  | { type: 'resume' }
  /** Give up the place, and go on at that moment; paused if it was. */
  | { type: 'seek'; to: Seek }
  /** Ask the servers for their stations again. */
  | { type: 'refresh' }
  | { type: 'exit' };

export interface Step {
  state: ViewerState;
  effects: Effect[];
}

export const currentChannel = (state: ViewerState): Channel | null =>
  state.channels.find((channel) => channel.key === state.current) ?? null;
