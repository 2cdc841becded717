/** The overlay over the picture and in the terminal, as a value: menu, list, banner, messages. */

import { Millis } from '../base/units.js';
import { bitrateText, codecsText, frameRateText } from '../contract/station-text.js';
import { behindText, menuItems } from '../contract/viewing.js';
import type { ReceiverStats } from '../receiver/receiver-stats.js';
import type { StationInfo } from '../wire/station-info.js';
import { currentChannel, type ViewerState } from './state.js';

export interface OverlayRow {
  /** The number to press, at the row's left; empty where there is none. */
  key: string;
  text: string;
  /** In small letters at the right or below. */
  detail: string;
  marked: boolean;
  /** The station being watched. */
  current: boolean;
}

export interface Overlay {
  /** badge: the badge alone. */
  kind: 'menu' | 'list' | 'banner' | 'message' | 'number' | 'badge';
  title: string;
  rows: OverlayRow[];
  /** A line below the rows: what keys do, or a notice; can be empty. */
  hint: string;
  /** How far the picture is behind the one on the air, in the corner; empty where it is not behind. */
  badge: string;
}

/** Offset from its moment above which a picture is visibly out of step. */
const VISIBLE_OFFSET = Millis(40);
/** Rows of the list that are shown at a time. */
const LIST_ROWS = 9;

/** The overlay at `now`; null when there is none. */
export function overlayFor(state: ViewerState, report: ReceiverStats | null, now: Millis): Overlay | null {
  if (state.mode === 'ended') return null;
  const badge = behindText(state.distance);
  const overlay = overlayWithoutBadge(state, report, now);
  if (overlay) return { ...overlay, badge };
  return badge === '' ? null : { kind: 'badge', title: '', rows: [], hint: '', badge };
}

type Content = Omit<Overlay, 'badge'>;

function overlayWithoutBadge(state: ViewerState, report: ReceiverStats | null, now: Millis): Content | null {
  if (state.mode === 'menu') return menuOverlay(state);
  if (state.mode === 'choosing') return listOverlay(state);
  if (state.typed !== '') return { kind: 'number', title: `${state.typed}–`, rows: [], hint: '' };
  const channel = currentChannel(state);
  if (!channel) return null;
  const trouble = troubleText(state, channel.info, now);
  if (trouble.length > 0) return message(trouble);
  if (state.notice) return message([state.notice.text]);
  if (state.bannerUntil > now) return bannerOverlay(channel.info, report, state.offset);
  return null;
}

const row = (text: string, more: Partial<OverlayRow> = {}): OverlayRow => ({
  key: '',
  text,
  detail: '',
  marked: false,
  current: false,
  ...more,
});

const message = ([title = '', ...rest]: string[]): Content => ({
  kind: 'message',
  title,
  rows: rest.map((text) => row(text)),
  hint: '',
});

function menuOverlay(state: ViewerState): Content {
  const name = currentChannel(state)?.info.name ?? '';
  return {
    kind: 'menu',
    title: 'Paused',
    rows: menuItems(state.distance).map((text, index) =>
      row(text, { key: String(index + 1), marked: index === state.marked }),
    ),
    hint: state.notice?.text ?? name,
  };
}

function listOverlay(state: ViewerState): Content {
  const { channels, marked } = state;
  const several = new Set(channels.map(({ info }) => info.server)).size > 1;
  const first = Math.max(0, Math.min(marked - Math.floor(LIST_ROWS / 2), channels.length - LIST_ROWS));
  const rows = channels.slice(first, first + LIST_ROWS).map((channel, index) =>
    row(several ? `${channel.info.name} (${channel.info.server})` : channel.info.name, {
      key: String(channel.info.number),
      detail: pictureText(channel.info),
      marked: first + index === marked,
      current: channel.key === state.current,
    }),
  );
  const shown = channels.length > LIST_ROWS ? ` ${first + 1}–${first + rows.length} of ${channels.length}` : '';
  const hint = state.typed !== '' ? `Station ${state.typed}–` : (state.notice?.text ?? listHint(state));
  return { kind: 'list', title: `Stations${shown}`, rows, hint };
}

const listHint = (state: ViewerState): string =>
  state.current === null ? 'Number, or ↑ ↓ and Enter · q exits' : 'Number, or ↑ ↓ and Enter · Esc goes back';

const pictureText = ({ width, height, aspectRatio, frameRate }: StationInfo): string =>
  `${width}×${height} · ${aspectRatio} · ${frameRateText(frameRate)} fps`;

function bannerOverlay(info: StationInfo, report: ReceiverStats | null, offset: Millis | null): Content {
  const rows = [
    row(nowText(info), { detail: 'Now playing' }),
    ...(info.next === undefined ? [] : [row(info.next, { detail: 'Next' })]),
    row(pictureText(info), { detail: 'Picture' }),
    row(`${codecsText(info)} · ${bitrateText(info.bitrate)}`, { detail: 'Codecs' }),
  ];
  if (report) rows.push(row(receiverStatsText(report), { detail: 'Reception' }));
  if (offset !== null) rows.push(row(offsetText(offset), { detail: 'Moment' }));
  return { kind: 'banner', title: `${info.number}  ${info.name}`, rows, hint: '' };
}

/** "in step, 3 ms late". */
export function offsetText(offset: Millis): string {
  const off = Math.round(Math.abs(offset));
  const text = off === 0 ? 'to the millisecond' : `${off} ms ${offset > 0 ? 'late' : 'early'}`;
  return off > VISIBLE_OFFSET ? `out of step, ${text}` : `in step, ${text}`;
}

/** "A film, until 20:15", in local time. */
function nowText({ nowPlaying, nowUntil }: StationInfo): string {
  const end = new Date(nowUntil ?? Number.NaN);
  if (Number.isNaN(end.getTime())) return nowPlaying; // No end, or one beyond the dates that there are.
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${nowPlaying}, until ${two(end.getHours())}:${two(end.getMinutes())}`;
}

/** "2 of 51,200 packets lost (0.004%)". */
export function receiverStatsText({ received, late, lost, torn }: ReceiverStats): string {
  const expected = received - late + lost;
  const count = expected.toLocaleString('en-US');
  if (lost === 0) return `${count} packets, none lost`;
  const share = ((100 * lost) / expected).toPrecision(2);
  const pictures = torn > 0 ? `, ${torn} pictures torn` : '';
  return `${lost.toLocaleString('en-US')} of ${count} packets lost (${share}%)${pictures}`;
}

/** Why there is no picture, the first line short; empty while there is one, and shortly after tuning. */
function troubleText(state: ViewerState, info: StationInfo, now: Millis): string[] {
  if (state.reception === 'silent') {
    const seconds = Math.floor((now - (state.lastPacket ?? state.tunedAt)) / 1000);
    if (state.serverLost) {
      return [`The server ${info.server} has gone off the air.`, 'The picture continues when it is back.'];
    }
    if (state.lastPacket !== null) {
      return [`Nothing has come from ${info.name} for ${seconds} s.`, 'The picture continues when packets come again.'];
    }
    return [
      `No packets of ${info.name} arrive.`,
      `Its server answers, but nothing comes from its group ${info.group}:${info.port}.`,
      'Check that --interface names the network it is on, that the firewall lets',
      `UDP port ${info.port} in, and that the switch or Wi-Fi passes multicast on.`,
    ];
  }
  if (state.reception === 'waiting' && now - state.tunedAt > 400) {
    const wait = Math.max(1, Math.ceil(info.randomAccessInterval));
    return [`Tuning to ${info.name}…`, `The first picture comes within ${wait} s.`];
  }
  return [];
}

/** Whether two overlays look the same. */
export const sameOverlay = (a: Overlay | null, b: Overlay | null): boolean => JSON.stringify(a) === JSON.stringify(b);
