/** The viewer's state, its events and its effects. */

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
  /** When it disappears; null: with the next one. */
  until: Millis | null;
}

export interface ViewerState {
  mode: Mode;
  /** In order of number. */
  channels: readonly Channel[];
  /** Keys of the station being watched and of the one before. */
  current: string | null;
  previous: string | null;
  paused: boolean;
  /** Digits of a station's number so far, and when the last was typed. */
  typed: string;
  typedAt: Millis;
  /** The marked row of the list or the menu, from 0. */
  marked: number;
  notice: Notice | null;
  /** Until when "now playing" is shown. */
  bannerUntil: Millis;
  /** waiting: for the first picture. silent: no packets have come for SILENCE. */
  reception: 'waiting' | 'playing' | 'silent';
  /** When the station was tuned. */
  tunedAt: Millis;
  /** When its last packet came; null before the first. */
  lastPacket: Millis | null;
  serverLost: boolean;
  /** How far the picture shown, or sought, is behind the one on the air; null while unknown. */
  distance: Millis | null;
  /** How far back the station's oldest picture is; null while unknown. */
  reach: Millis | null;
  /** How late the picture is for its moment; null while it is not kept in step. */
  offset: Millis | null;
  /** A picture was sought that is not on the screen yet. */
  seeking: boolean;
  /** Languages of the sound that the user wants, the preferred one first; none where the station decides. */
  sound: readonly string[];
  /** Languages of the subtitles that the user wants, the preferred one first; none for no subtitles. */
  subtitles: readonly string[];
  /** Whether the user wants the picture on the air: not after a pause, nor after seeking back. */
  following: boolean;
}

/** The picture on the air, the picture at a time from the one shown, or the first picture of its item. */
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
  /** The picture is too far from its moment to reach it by playing faster or slower. */
  | { type: 'out-of-step' }
  /** The picture sought is not available: the one shown goes on. */
  | { type: 'seek-failed'; text: string }
  | { type: 'notice'; text: string }
  | { type: 'closed' };

export type Effect =
  | { type: 'tune'; key: string }
  | { type: 'pause' }
  | { type: 'resume' }
  /** Show the subtitles that are wanted now. */
  | { type: 'subtitles' }
  /** Continue at that picture; paused if it was. */
  | { type: 'seek'; to: Seek }
  /** Find the stations again. */
  | { type: 'refresh' }
  | { type: 'exit' };

export interface Step {
  state: ViewerState;
  effects: Effect[];
}

export const currentChannel = (state: ViewerState): Channel | null =>
  state.channels.find((channel) => channel.key === state.current) ?? null;
