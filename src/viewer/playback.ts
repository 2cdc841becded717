/** The picture on the screen: playing moments of stations, and keeping the picture near the present or in step. */

import type { Timers } from '../base/timers.js';
import { Millis, type Ticks90k, ticksToMillis } from '../base/units.js';
import type { StationReceiver } from '../receiver/station-receiver.js';
import { Feed } from './feed.js';
import { InStep } from './in-step.js';
import { LatencyController } from './latency-controller.js';
import { exactlyOnAir, type Moment } from './moment.js';
import type { Overlay } from './overlay.js';
import { shownTime } from './picture-time.js';
import type { Player, PlayerEvents } from './players/player.js';

export interface PlaybackOptions {
  startPlayer: (events: PlayerEvents) => Promise<Player>;
  timers: Timers;
  /** How long after its time stamp each picture is shown, on every screen; undefined: as soon as possible. */
  delay: Millis | undefined;
  /** Whether the user wants the picture on the air. */
  isFollowing: () => boolean;
  /** Whether the picture keeps its distance even then. */
  stay: boolean;
  onKey: (key: string) => void;
  /** A picture of the moment played last is on the screen. */
  onPicture: () => void;
  /** The buffer no longer holds the player's position. */
  onPositionLost: () => void;
  /** The picture is too far from its moment to reach it by playing faster or slower. */
  onOutOfStep: () => void;
  /** The player has ended. */
  onClosed: () => void;
  /** The player failed. */
  onFailure: (error: Error) => void;
}

/**
 * Responsible for:
 * - the player and its feed
 * - a first picture that waits for its moment, where pictures are kept in step
 * - measuring the distance to the picture on the air, and playing faster or slower because of it
 */
export class Playback {
  readonly #options: PlaybackOptions;
  readonly #feed: Feed;
  readonly #latencyController = new LatencyController();
  readonly #inStep: InStep | null;
  #player: Player | null = null;
  #receiver: StationReceiver | null = null;
  /** Number of the moment that the player plays. */
  #plays = 0;
  /** A seek is under way: pictures are of the moment before. */
  #isSeeking = false;
  #isMeasuring = false;
  /** The first picture waits for its moment; ends that. */
  #cancelWait: (() => void) | null = null;
  #distance: Millis | null = null;
  #speed = 1;

  constructor(options: PlaybackOptions) {
    this.#options = options;
    this.#feed = new Feed({ onPositionLost: options.onPositionLost });
    this.#inStep = options.delay === undefined ? null : new InStep(options.delay);
  }

  /** Distance to the picture on the air as measured last; null while unknown. */
  get distance(): Millis | null {
    return this.#distance;
  }

  /** How late the picture is for its moment; null while it is not kept in step. */
  get offset(): Millis | null {
    return this.#options.isFollowing() ? (this.#inStep?.offset ?? null) : null;
  }

  /** Whether the player has not read all that has been received. */
  get hasMore(): boolean {
    return this.#feed.hasMore;
  }

  async listen(): Promise<void> {
    await this.#feed.listen();
  }

  /** Starts the player unless it runs. Rejects with a Problem. */
  async start(overlay: Overlay | null): Promise<void> {
    const { startPlayer, onKey, onClosed } = this.#options;
    this.#player ??= await startPlayer({
      onKey,
      onPicture: () => this.#onPicture(),
      onShown: this.#inStep ? (position, lead) => this.#onShown(position, lead) : undefined,
      onClosed,
    });
    this.#player.show(overlay);
  }

  show(overlay: Overlay | null): void {
    this.#player?.show(overlay);
  }

  /** Plays this moment instead of the one before. `track`: of the sound, from 0; `subtitles`: their stream, null for none. */
  play(
    receiver: StationReceiver,
    moment: Moment,
    { paused, track, subtitles }: { paused: boolean; track: number; subtitles: number | null },
  ): void {
    const player = this.#player;
    if (!player) return;
    this.#plays++;
    this.#receiver = receiver;
    this.#isSeeking = false;
    this.#distance = null;
    this.#latencyController.reset();
    this.#speed = 1;
    this.#endWait();
    const { station } = receiver;
    const inStep = this.#options.isFollowing() ? this.#inStep : null;
    const { begin, from } = inStep ? exactlyOnAir(receiver, inStep.begin(station.format)) : moment;
    if (inStep) this.#cancelWait = () => undefined;
    const url = this.#feed.open({ station, buffer: moment.buffer, begin });
    const { name: title, format } = station;
    const media = { url, title, format, from, track, subtitles, paused: paused || inStep !== null };
    player.play(media).catch(this.#options.onFailure);
  }

  pause(): void {
    this.#endWait();
    this.#player?.pause();
  }

  resume(): void {
    this.#player?.resume();
  }

  setSubtitles(stream: number | null): void {
    this.#player?.setSubtitles?.(stream);
  }

  /** Pictures until the next `play`, or `endSeek`, are of the moment before. */
  beginSeek(): void {
    this.#isSeeking = true;
  }

  endSeek(): void {
    this.#isSeeking = false;
  }

  /** Time of the picture on the screen; null while unknown. */
  async shownTime(receiver: StationReceiver): Promise<Ticks90k | null> {
    const position = await this.#player?.position?.();
    return shownTime({ position, sent: this.#feed.sentTime(), now: receiver.serverNow() });
  }

  /** Measures the distance, and sets the speed that brings the picture nearer to the one on the air. */
  async measure(): Promise<void> {
    const player = this.#player;
    const receiver = this.#receiver;
    const plays = this.#plays;
    if (!player || !receiver || this.#isMeasuring) return;
    this.#isMeasuring = true;
    const [shown, buffered] = await Promise.all([this.shownTime(receiver), player.buffered?.()]).finally(() => {
      this.#isMeasuring = false;
    });
    const now = receiver.serverNow();
    if (plays !== this.#plays || shown === null || now === null) return;
    this.#distance = Millis(now - ticksToMillis(shown) - (this.#inStep?.behind(receiver.station.format) ?? 0));
    const speed = this.#wantedSpeed(this.#distance, buffered ?? null);
    if (speed === this.#speed) return;
    this.#speed = speed;
    player.setSpeed?.(speed);
  }

  async close(): Promise<void> {
    this.#endWait();
    await Promise.all([this.#player?.close(), this.#feed.close()]);
  }

  #wantedSpeed(distance: Millis, buffered: Millis | null): number {
    if (!this.#options.isFollowing() || this.#options.stay) return this.#latencyController.stay();
    if (!this.#inStep) return this.#latencyController.speed({ distance, buffered });
    if (this.#cancelWait !== null) return 1;
    const correction = this.#inStep.correction();
    if (correction.kind === 'rate') return correction.rate;
    this.#options.onOutOfStep();
    return 1;
  }

  #onPicture(): void {
    if (this.#isSeeking) return;
    this.#options.onPicture();
    if (this.#cancelWait !== null) this.#waitForMoment().catch(this.#options.onFailure);
  }

  /** Plays on from the first picture when its moment has come. */
  async #waitForMoment(): Promise<void> {
    const player = this.#player;
    const receiver = this.#receiver;
    const inStep = this.#inStep;
    const plays = this.#plays;
    if (!player || !receiver || !inStep) return;
    const shown = await this.shownTime(receiver);
    if (plays !== this.#plays || this.#cancelWait === null) return;
    const now = receiver.serverNow();
    const wait = shown === null || now === null ? Millis(0) : inStep.wait(receiver.station.format, shown, now);
    this.#cancelWait();
    this.#cancelWait = this.#options.timers.after(wait, () => {
      this.#cancelWait = null;
      inStep.reset();
      player.resume();
    });
  }

  #endWait(): void {
    this.#cancelWait?.();
    this.#cancelWait = null;
  }

  #onShown(position: Ticks90k, lead: Millis): void {
    const inStep = this.#inStep;
    const receiver = this.#receiver;
    const now = receiver?.serverNow() ?? null;
    if (!inStep || !receiver || now === null || this.#cancelWait !== null || this.#isSeeking) return;
    if (!this.#options.isFollowing()) {
      inStep.reset();
      return;
    }
    const shown = shownTime({ position, sent: this.#feed.sentTime(), now });
    if (shown !== null) inStep.add(receiver.station.format, shown, Millis(now + lead));
  }
}
