/** The viewer put together: the model in the middle; player, terminal, feed and tuner around it. */

import { Problem } from '../base/problem.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { type Millis, millisToTicks, type Ticks90k, ticksToMillis } from '../base/units.js';
import { Refusal } from '../control/refusal.js';
import type { ReceiverStats } from '../receiver/receiver-stats.js';
import type { StationReceiver } from '../receiver/station-receiver.js';
import { Tuner, troubleLine } from '../receiver/tuner.js';
import type { FoundChannel } from './channels.js';
import { Feed } from './feed.js';
import { InStep } from './in-step.js';
import { LatencyController } from './latency-controller.js';
import { initialState, update } from './model.js';
import {
  beginningWith,
  exactlyOnAir,
  type Moment,
  onAir,
  seekItem,
  seekOnAir,
  seekPicture,
  targetOf,
} from './moment.js';
import { type Overlay, overlayFor, sameOverlay } from './overlay.js';
import { shownTime } from './picture-time.js';
import type { Player, PlayerEvents } from './players/player.js';
import { currentChannel, type Effect, type Seek, type ViewerEvent, type ViewerState } from './state.js';

export interface ViewerOptions {
  channels: readonly FoundChannel[];
  startPlayer: (events: PlayerEvents) => Promise<Player>;
  /** Shows what is to be seen outside the window. Called when it changed, and a few times a second. */
  show: (overlay: Overlay | null, state: ViewerState, report: ReceiverStats | null) => void;
  /** Looks for stations again. */
  refresh: () => Promise<readonly FoundChannel[]>;
  createTuner?: (events: ConstructorParameters<typeof Tuner>[0]) => Pick<Tuner, keyof Tuner>;
  /** The picture that the first station begins with; null: the one on the air. */
  first?: Ticks90k | null;
  /** Whether pictures stay as far behind as they begin. */
  stay?: boolean;
  /**
   * How long after its time stamp each picture is shown, with all others who do so; undefined: as near to what is on the air
   * as can be. Needs a player that says what it shows.
   */
  delay?: Millis;
  timers?: Timers;
}

/** How often the model is told that time passes. */
const TICK: Millis = 200;

const seekTrouble = (problem: Problem, { station }: StationReceiver): string =>
  problem instanceof Refusal && problem.reason === 'too-early'
    ? `${station.name} does not reach back so far.`
    : troubleLine(problem);

export class Viewer {
  private state: ViewerState;
  private readonly feed: Feed;
  private readonly tuner: Pick<Tuner, keyof Tuner>;
  private readonly timers: Timers;
  private readonly latencyController = new LatencyController();
  private readonly inStep: InStep | null;
  private channels: Map<string, FoundChannel>;
  private player: Player | null = null;
  private overlay: Overlay | null = null;
  private cancelTick: () => void = () => undefined;
  /** Counts tunings and seeks, so that one that was overtaken by the next does nothing more. */
  private tunings = 0;
  private seeks = 0;
  /** One after another: the session's answers come in the order of the requests. */
  private steps: Promise<void> = Promise.resolve();
  /** The picture that the station begins with; null: the one on the air. */
  private first: Ticks90k | null;
  /** The picture that was sought last, until it is there. */
  private sought: Ticks90k | null = null;
  /** A seek was begun, and the player has not been given anything since. */
  private isMoving = false;
  /** Counts what the player was given. */
  private plays = 0;
  private isLooking = false;
  /** Its first picture waits for its moment; ends that. */
  private cancelWait: (() => void) | null = null;
  private distance: Millis | null = null;
  private speed = 1;
  private saidPaused = false;
  /** Receivers whose station is still on the screen while the next is being tuned. */
  private leaving: StationReceiver[] = [];
  private finish: (problem: Problem | null) => void = () => undefined;

  constructor(private readonly options: ViewerOptions) {
    this.timers = options.timers ?? systemTimers;
    this.feed = new Feed({ onPositionLost: () => this.dispatch({ type: 'position-lost' }) });
    this.first = options.first ?? null;
    this.inStep = options.delay === undefined ? null : new InStep(options.delay);
    this.channels = new Map(options.channels.map((channel) => [channel.key, channel]));
    this.state = initialState(options.channels);
    const events = {
      onServer: (lost: boolean) => this.dispatch({ type: 'server', lost }),
      onTrouble: (problem: Problem) => this.dispatch({ type: 'notice', text: troubleLine(problem) }),
    };
    this.tuner = options.createTuner?.(events) ?? new Tuner(events);
  }

  /**
   * Watches `first`, or lets the list be chosen from. Resolves when the user leaves; by then the server has been
   * told and the player has ended. Rejects with a Problem when there can be no window or no reception.
   */
  async run(first: FoundChannel | null): Promise<void> {
    await this.feed.listen();
    const ended = new Promise<void>((resolve, reject) => {
      this.finish = (problem) => (problem ? reject(problem) : resolve());
    });
    this.tickLater();
    if (first) {
      const at = this.state.channels.findIndex(({ key }) => key === first.key);
      this.state = { ...this.state, marked: at };
      this.dispatch({ type: 'key', key: 'enter' });
    }
    this.render(true);
    try {
      await ended;
    } finally {
      this.cancelTick();
      this.endWait();
      await this.steps;
      await Promise.all([
        this.player?.close(),
        this.tuner.close(),
        this.feed.close(),
        ...this.leaving.map((one) => one.close()),
      ]);
    }
  }

  key(key: string): void {
    this.dispatch({ type: 'key', key });
  }

  /** The same as the user's wish to leave. */
  stop(): void {
    this.dispatch({ type: 'closed' });
  }

  private dispatch(event: ViewerEvent): void {
    const { state, effects } = update(this.state, event, this.timers.now());
    this.state = state;
    for (const effect of effects) this.perform(effect);
    this.render(false);
  }

  private perform(effect: Effect): void {
    switch (effect.type) {
      case 'tune':
        this.startTuning(effect.key);
        break;
      case 'seek':
        this.startSeeking(effect.to);
        break;
      case 'pause':
        this.endWait();
        this.player?.pause();
        this.tell(true);
        break;
      case 'resume':
        this.player?.resume();
        this.tell(false);
        break;
      case 'refresh':
        this.refresh();
        break;
      case 'exit':
        this.finish(null);
    }
  }

  /** Tells the server whether we are paused. */
  private tell(paused: boolean): void {
    if (paused === this.saidPaused) return;
    this.saidPaused = paused;
    if (paused) this.tuner.pause();
    else this.tuner.resume();
  }

  private queue(step: () => Promise<void>): void {
    this.steps = this.steps.then(step).catch((error: Problem) => this.finish(error));
  }

  private startTuning(key: string): void {
    const tuning = ++this.tunings;
    this.sought = null;
    this.isMoving = false;
    this.queue(() => this.tune(key, tuning));
  }

  private async tune(key: string, tuning: number): Promise<void> {
    const channel = this.channels.get(key);
    if (!channel || tuning !== this.tunings || this.state.mode === 'ended') return;
    const before = this.tuner.current;
    if (before) this.leaving.push(before);
    const { first } = this;
    this.first = null;
    const start = first === null ? undefined : targetOf(channel.info.format, first);
    const [receiver] = await Promise.all([this.tuner.tune(channel.found, start), this.ensurePlayer()]);
    this.saidPaused = false; // Who tunes plays.
    if (first !== null) this.state = { ...this.state, following: false };
    const moment = first === null ? onAir(receiver) : beginningWith(receiver, first);
    this.playWhenReady(receiver, moment, () => tuning === this.tunings);
  }

  private async ensurePlayer(): Promise<void> {
    this.player ??= await this.options.startPlayer({
      onKey: (key) => this.dispatch({ type: 'key', key }),
      onPicture: () => this.onPicture(),
      onShown: this.inStep ? (position, before) => this.onShown(position, before) : undefined,
      onClosed: () => this.dispatch({ type: 'closed' }),
    });
    this.player.show(this.overlay);
  }

  private startSeeking(to: Seek): void {
    const [seek, tuning] = [++this.seeks, this.tunings];
    this.isMoving = true;
    this.queue(async () => {
      const { player } = this;
      const receiver = this.tuner.current;
      if (!player || !receiver || tuning !== this.tunings || this.state.mode === 'ended') return;
      const isNewest = (): boolean => seek === this.seeks && tuning === this.tunings;
      try {
        const moment = await this.momentFor(to, receiver, player, isNewest);
        if (moment === null) return;
        this.playWhenReady(receiver, moment, isNewest);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        this.sought = null;
        if (!isNewest()) return;
        this.isMoving = false;
        this.dispatch({ type: 'seek-failed', text: seekTrouble(error, receiver) });
      }
    });
  }

  /** Null: the next seek goes on from there. */
  private async momentFor(
    to: Seek,
    receiver: StationReceiver,
    player: Player,
    isNewest: () => boolean,
  ): Promise<Moment | null> {
    if (to.kind === 'live') {
      this.sought = null;
      return isNewest() ? seekOnAir(receiver) : null;
    }
    const now = receiver.serverNow();
    const shown = this.sought ?? (await this.shown(receiver, player)) ?? (now === null ? null : millisToTicks(now));
    if (shown === null) return seekOnAir(receiver);
    if (to.kind === 'item') {
      this.sought = null;
      return seekItem(receiver, shown);
    }
    this.sought = shown + millisToTicks(to.time);
    return isNewest() ? seekPicture(receiver, this.sought) : null;
  }

  /** The time of the picture that is shown. */
  private async shown(receiver: StationReceiver, player: Player): Promise<Ticks90k | null> {
    const position = await player.position?.();
    return shownTime({ position, sent: this.feed.sentTime(), now: receiver.serverNow() });
  }

  /** The picture before stays until the other moment has one. */
  private playWhenReady(receiver: StationReceiver, moment: Moment, isWanted: () => boolean): void {
    moment.buffer.wait(null, () => {
      if (isWanted() && !moment.buffer.isEnded && this.state.mode !== 'ended') this.play(receiver, moment);
    });
  }

  private play(receiver: StationReceiver, moment: Moment): void {
    const { player, feed, inStep } = this;
    if (!player) return;
    this.plays++;
    this.isMoving = false;
    this.distance = null;
    this.latencyController.reset();
    this.speed = 1;
    this.endWait();
    const { station } = receiver;
    const { buffer } = moment;
    const waits = inStep !== null && this.isKept;
    const { begin, from } = waits ? exactlyOnAir(receiver, inStep.begin(station.format)) : moment;
    for (const before of this.leaving.splice(0)) void before.close();
    const { paused } = this.state;
    if (!paused) this.tell(false);
    const { name: title, format } = station;
    if (waits) this.cancelWait = () => undefined;
    const media = { url: feed.open({ station, buffer, begin }), title, format, from, paused: paused || waits };
    player.play(media).catch((error: Problem) => {
      if (this.state.mode !== 'ended') this.finish(error);
    });
  }

  /** Whether pictures are to be shown at the moment at which all others show them. */
  private get isKept(): boolean {
    return this.inStep !== null && this.state.following && !this.state.paused;
  }

  /** The first picture goes on when its moment is there. */
  private async wait(): Promise<void> {
    const { player, inStep, plays } = this;
    const receiver = this.tuner.current;
    if (!player || !receiver || !inStep) return;
    const shown = await this.shown(receiver, player);
    if (plays !== this.plays || this.cancelWait === null) return;
    const now = receiver.serverNow();
    const wait = shown === null || now === null ? 0 : inStep.wait(receiver.station.format, shown, now);
    this.cancelWait();
    this.cancelWait = this.timers.after(wait, () => {
      this.cancelWait = null;
      inStep.reset();
      player.resume();
    });
  }

  private endWait(): void {
    this.cancelWait?.();
    this.cancelWait = null;
  }

  private onShown(position: Ticks90k, before: Millis): void {
    const { inStep } = this;
    const receiver = this.tuner.current;
    const now = receiver?.serverNow() ?? null;
    if (!inStep || !receiver || now === null || this.cancelWait !== null || this.isMoving) return;
    if (!this.isKept) {
      inStep.reset();
      return;
    }
    const shown = shownTime({ position, sent: this.feed.sentTime(), now });
    if (shown !== null) inStep.add(receiver.station.format, shown, now + before);
  }

  private onPicture(): void {
    if (this.isMoving) return; // of the moment before
    this.sought = null;
    this.dispatch({ type: 'picture' });
    if (this.cancelWait !== null) this.wait().catch((error: Problem) => this.finish(error));
  }

  /** Finds out how far the picture is behind, and has it come nearer where the user wants what is on the air. */
  private async look(): Promise<void> {
    const { player, state, plays } = this;
    const receiver = this.tuner.current;
    const isShown = state.reception !== 'waiting' && !state.seeking;
    if (!player || !receiver || !isShown || this.isLooking || state.mode === 'ended') return;
    this.isLooking = true;
    const [shown, buffered] = await Promise.all([this.shown(receiver, player), player.buffered?.()]).finally(() => {
      this.isLooking = false;
    });
    const now = receiver.serverNow();
    if (plays !== this.plays || shown === null || now === null) return;
    this.distance = now - ticksToMillis(shown) - (this.inStep?.behind(receiver.station.format) ?? 0);
    const speed = this.wantedSpeed(this.distance, buffered ?? null);
    if (speed === this.speed) return;
    this.speed = speed;
    player.setSpeed?.(speed);
  }

  private wantedSpeed(distance: Millis, buffered: Millis | null): number {
    const { inStep, latencyController } = this;
    if (!this.state.following || this.options.stay) return latencyController.stay();
    if (!inStep) return latencyController.speed({ distance, buffered });
    if (this.cancelWait !== null) return 1;
    const correction = inStep.correction();
    if (correction.kind === 'rate') return correction.rate;
    this.dispatch({ type: 'out-of-step' });
    return 1;
  }

  private refresh(): void {
    this.options.refresh().then(
      (channels) => {
        const watched = this.state.current === null ? undefined : this.channels.get(this.state.current);
        this.channels = new Map(channels.map((channel) => [channel.key, channel]));
        if (watched && !this.channels.has(watched.key)) this.channels.set(watched.key, watched);
        this.dispatch({ type: 'channels', channels });
      },
      (problem: Problem) => this.dispatch({ type: 'notice', text: troubleLine(problem) }),
    );
  }

  private tickLater(): void {
    this.cancelTick = this.timers.after(TICK, () => {
      this.tickLater();
      this.tick();
    });
  }

  private tick(): void {
    const { current } = this.tuner;
    this.look().catch((error: Problem) => this.finish(error));
    const [now, oldest] = [current?.serverNow() ?? null, current?.oldest ?? null];
    const reach = now === null || oldest === null ? null : now - oldest;
    const offset = this.isKept ? (this.inStep?.offset ?? null) : null;
    this.dispatch({ type: 'tick', lastPacket: this.lastPacket(), distance: this.distance, reach, offset });
    this.options.show(this.overlay, this.state, this.report());
  }

  /** Where there is more than the player has read, nothing has to come. */
  private lastPacket(): Millis | null {
    const { current } = this.tuner;
    if (!current) return null;
    return this.feed.hasMore ? this.timers.now() : current.report().lastArrival;
  }

  private report(): ReceiverStats | null {
    const { current } = this.tuner;
    return current && currentChannel(this.state) ? current.report() : null;
  }

  private render(always: boolean): void {
    const overlay = overlayFor(this.state, this.report(), this.timers.now());
    if (!always && sameOverlay(overlay, this.overlay)) return;
    this.overlay = overlay;
    this.player?.show(overlay);
    this.options.show(overlay, this.state, this.report());
  }
}
