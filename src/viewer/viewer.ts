/** The viewer put together: the model in the middle; playback, terminal and tuner around it. */

import { Problem } from '../base/problem.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { Millis, millisToTicks, Ticks90k } from '../base/units.js';
import { trackFor } from '../contract/sound.js';
import { subtitlesFor } from '../contract/subtitles.js';
import { Refusal } from '../control/refusal.js';
import type { ReceiverStats } from '../receiver/receiver-stats.js';
import type { StationReceiver } from '../receiver/station-receiver.js';
import { Tuner, troubleLine } from '../receiver/tuner.js';
import type { FoundChannel } from './channels.js';
import { initialState, update } from './model.js';
import { beginningWith, type Moment, onAir, seekItem, seekOnAir, seekPicture, targetOf } from './moment.js';
import { type Overlay, overlayFor, sameOverlay } from './overlay.js';
import { Playback } from './playback.js';
import type { Player, PlayerEvents } from './players/player.js';
import { currentChannel, type Effect, type Seek, type ViewerEvent, type ViewerState } from './state.js';

export interface ViewerOptions {
  channels: readonly FoundChannel[];
  startPlayer: (events: PlayerEvents) => Promise<Player>;
  /** Shows the viewer outside of the window. Called on changes, and every TICK. */
  show: (overlay: Overlay | null, state: ViewerState, stats: ReceiverStats | null) => void;
  /** Finds the stations again. */
  refresh: () => Promise<readonly FoundChannel[]>;
  createTuner?: (events: ConstructorParameters<typeof Tuner>[0]) => Pick<Tuner, keyof Tuner>;
  /** The first picture of the first station; null: the one on the air. */
  first?: Ticks90k | null;
  /** Languages of the sound, the preferred one first. */
  sound?: readonly string[];
  /** Languages of the subtitles, the preferred one first; none by default. */
  subtitles?: readonly string[];
  /** Whether the picture keeps the distance to the one on the air that it begins with. */
  stay?: boolean;
  /** How long after its time stamp each picture is shown, on every screen with this delay; undefined: as soon as possible. */
  delay?: Millis;
  timers?: Timers;
}

/** Period of the model's ticks. */
const TICK = Millis(200);

const seekTrouble = (problem: Problem, { station }: StationReceiver): string =>
  problem instanceof Refusal && problem.reason === 'too-early'
    ? `${station.name} does not reach back that far.`
    : troubleLine(problem);

/**
 * Responsible for:
 * - the model: events in, effects performed, the overlay shown
 * - tuning and seeking, one after another, of which only the last counts
 */
export class Viewer {
  readonly #options: ViewerOptions;
  readonly #timers: Timers;
  readonly #tuner: Pick<Tuner, keyof Tuner>;
  readonly #playback: Playback;
  #state: ViewerState;
  #channels: Map<string, FoundChannel>;
  #overlay: Overlay | null = null;
  #cancelTick: () => void = () => undefined;
  /** Numbers of the last tuning and the last seek; earlier ones do nothing more. */
  #tunings = 0;
  #seeks = 0;
  /** One after another: a session answers requests in their order. */
  #steps: Promise<void> = Promise.resolve();
  /** The first picture of the first station; null: the one on the air. */
  #first: Ticks90k | null;
  /** The picture sought last, until it is on the screen. */
  #sought: Ticks90k | null = null;
  #isServerPaused = false;
  /** Receivers whose station stays on the screen while the next is tuned. */
  #leaving: StationReceiver[] = [];
  #finish: (problem: Error | null) => void = () => undefined;

  constructor(options: ViewerOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#first = options.first ?? null;
    this.#channels = new Map(options.channels.map((channel) => [channel.key, channel]));
    this.#state = initialState(options.channels, options.sound, options.subtitles);
    this.#playback = new Playback({
      startPlayer: options.startPlayer,
      timers: this.#timers,
      delay: options.delay,
      stay: options.stay ?? false,
      isFollowing: () => this.#state.following && !this.#state.paused,
      onKey: (key) => this.key(key),
      onPicture: () => {
        this.#sought = null;
        this.#dispatch({ type: 'picture' });
      },
      onPositionLost: () => this.#dispatch({ type: 'position-lost' }),
      onOutOfStep: () => this.#dispatch({ type: 'out-of-step' }),
      onClosed: () => this.stop(),
      onFailure: (error) => {
        if (!this.#isEnded) this.#finish(error);
      },
    });
    const events = {
      onServer: (lost: boolean) => this.#dispatch({ type: 'server', lost }),
      onTrouble: (problem: Problem) => this.#dispatch({ type: 'notice', text: troubleLine(problem) }),
    };
    this.#tuner = options.createTuner?.(events) ?? new Tuner(events);
  }

  /**
   * Watches `first`, or shows the list. Resolves when the user has left the server and the player has ended. Rejects with a
   * Problem without a player or reception.
   */
  async run(first: FoundChannel | null): Promise<void> {
    await this.#playback.listen();
    const ended = new Promise<void>((resolve, reject) => {
      this.#finish = (problem) => (problem ? reject(problem) : resolve());
    });
    this.#tickLater();
    if (first) {
      const marked = this.#state.channels.findIndex(({ key }) => key === first.key);
      this.#state = { ...this.#state, marked };
      this.#dispatch({ type: 'key', key: 'enter' });
    }
    this.#render({ isForced: true });
    try {
      await ended;
    } finally {
      this.#cancelTick();
      await this.#steps;
      await Promise.all([
        this.#playback.close(),
        this.#tuner.close(),
        ...this.#leaving.map((receiver) => receiver.close()),
      ]);
    }
  }

  key(key: string): void {
    this.#dispatch({ type: 'key', key });
  }

  /** Shows a line for some seconds. */
  notify(text: string): void {
    this.#dispatch({ type: 'notice', text });
  }

  /** Leaves, as when the user does. */
  stop(): void {
    this.#dispatch({ type: 'closed' });
  }

  get #isEnded(): boolean {
    return this.#state.mode === 'ended';
  }

  #dispatch(event: ViewerEvent): void {
    const { state, effects } = update(this.#state, event, this.#timers.now());
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    this.#render();
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'tune':
        this.#startTuning(effect.key);
        break;
      case 'seek':
        this.#startSeeking(effect.to);
        break;
      case 'pause':
        this.#playback.pause();
        this.#pauseServer(true);
        break;
      case 'resume':
        this.#playback.resume();
        this.#pauseServer(false);
        break;
      case 'subtitles':
        this.#showSubtitles();
        break;
      case 'refresh':
        this.#refresh();
        break;
      case 'exit':
        this.#finish(null);
    }
  }

  /** Notifies the server whether the viewer is paused. */
  #pauseServer(isPaused: boolean): void {
    if (isPaused === this.#isServerPaused) return;
    this.#isServerPaused = isPaused;
    if (isPaused) this.#tuner.pause();
    else this.#tuner.resume();
  }

  #queue(step: () => Promise<void>): void {
    this.#steps = this.#steps.then(step).catch((error: Error) => this.#finish(error));
  }

  #startTuning(key: string): void {
    const tuning = ++this.#tunings;
    this.#sought = null;
    this.#playback.endSeek();
    this.#queue(() => this.#tune(key, tuning));
  }

  async #tune(key: string, tuning: number): Promise<void> {
    const channel = this.#channels.get(key);
    if (!channel || tuning !== this.#tunings || this.#isEnded) return;
    const before = this.#tuner.current;
    if (before) this.#leaving.push(before);
    const first = this.#first;
    this.#first = null;
    const start = first === null ? undefined : targetOf(channel.info.format, first);
    const [receiver] = await Promise.all([this.#tuner.tune(channel.found, start), this.#playback.start(this.#overlay)]);
    this.#isServerPaused = false; // Tuning resumes.
    if (first !== null) this.#state = { ...this.#state, following: false };
    const moment = first === null ? onAir(receiver) : beginningWith(receiver, first);
    this.#playWhenReady(receiver, moment, () => tuning === this.#tunings);
  }

  #startSeeking(to: Seek): void {
    const [seek, tuning] = [++this.#seeks, this.#tunings];
    this.#playback.beginSeek();
    this.#queue(async () => {
      const receiver = this.#tuner.current;
      if (!receiver || tuning !== this.#tunings || this.#isEnded) return;
      const isNewest = (): boolean => seek === this.#seeks && tuning === this.#tunings;
      try {
        const moment = await this.#momentFor(to, receiver, isNewest);
        if (moment !== null) this.#playWhenReady(receiver, moment, isNewest);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        this.#sought = null;
        if (!isNewest()) return;
        this.#playback.endSeek();
        this.#dispatch({ type: 'seek-failed', text: seekTrouble(error, receiver) });
      }
    });
  }

  /** null: a newer seek continues from there. */
  async #momentFor(to: Seek, receiver: StationReceiver, isNewest: () => boolean): Promise<Moment | null> {
    if (to.kind === 'live') {
      this.#sought = null;
      return isNewest() ? seekOnAir(receiver) : null;
    }
    const now = receiver.serverNow();
    const present = now === null ? null : millisToTicks(now);
    const shown = this.#sought ?? (await this.#playback.shownTime(receiver)) ?? present;
    if (shown === null) return seekOnAir(receiver);
    if (to.kind === 'item') {
      this.#sought = null;
      return seekItem(receiver, shown);
    }
    this.#sought = Ticks90k(shown + millisToTicks(to.time));
    return isNewest() ? seekPicture(receiver, this.#sought) : null;
  }

  /** The picture before stays until there is one of this moment. */
  #showSubtitles(): void {
    const station = currentChannel(this.#state)?.info;
    if (station) this.#playback.setSubtitles(subtitlesFor(station, this.#state.subtitles));
  }

  #playWhenReady(receiver: StationReceiver, moment: Moment, isWanted: () => boolean): void {
    moment.buffer.wait(null, () => {
      if (!isWanted() || moment.buffer.isEnded || this.#isEnded) return;
      const { paused, sound, subtitles } = this.#state;
      const { station } = receiver;
      const chosen = { track: trackFor(station, sound), subtitles: subtitlesFor(station, subtitles) };
      this.#playback.play(receiver, moment, { paused, ...chosen });
      for (const before of this.#leaving.splice(0)) void before.close();
      if (!paused) this.#pauseServer(false);
    });
  }

  #refresh(): void {
    this.#options.refresh().then(
      (channels) => {
        const watched = this.#state.current === null ? undefined : this.#channels.get(this.#state.current);
        this.#channels = new Map(channels.map((channel) => [channel.key, channel]));
        if (watched && !this.#channels.has(watched.key)) this.#channels.set(watched.key, watched);
        const current = this.#state.current === null ? undefined : this.#channels.get(this.#state.current);
        if (current) this.#tuner.update(current.found);
        this.#dispatch({ type: 'channels', channels });
      },
      (problem: Problem) => this.#dispatch({ type: 'notice', text: troubleLine(problem) }),
    );
  }

  #tickLater(): void {
    this.#cancelTick = this.#timers.after(TICK, () => {
      this.#tickLater();
      this.#tick();
    });
  }

  #tick(): void {
    const { current } = this.#tuner;
    const { reception, seeking } = this.#state;
    if (reception !== 'waiting' && !seeking && !this.#isEnded) {
      this.#playback.measure().catch((error: Error) => this.#finish(error));
    }
    const [now, oldest] = [current?.serverNow() ?? null, current?.oldest ?? null];
    const reach = now === null || oldest === null ? null : Millis(now - oldest);
    const { distance, offset } = this.#playback;
    this.#dispatch({ type: 'tick', lastPacket: this.#lastPacket(), distance, reach, offset });
    this.#options.show(this.#overlay, this.#state, this.#stats());
  }

  /** While the player has unread media, no packets are expected. */
  #lastPacket(): Millis | null {
    const { current } = this.#tuner;
    if (!current) return null;
    return this.#playback.hasMore ? this.#timers.now() : current.report().lastArrival;
  }

  #stats(): ReceiverStats | null {
    const { current } = this.#tuner;
    return current && currentChannel(this.#state) ? current.report() : null;
  }

  #render({ isForced = false } = {}): void {
    const overlay = overlayFor(this.#state, this.#stats(), this.#timers.now());
    if (!isForced && sameOverlay(overlay, this.#overlay)) return;
    this.#overlay = overlay;
    this.#playback.show(overlay);
    this.#options.show(overlay, this.#state, this.#stats());
  }
}
