/** The viewer put together: the model in the middle; player, terminal, feed and tuner around it. */
import type { Problem } from '../problem/problem.js';
import type { ReceptionReport } from '../receiver/reception.js';
import type { StationReceiver } from '../receiver/station-receiver.js';
import type { Millis } from '../wire/time.js';
import type { FoundChannel } from './channels.js';
import { Feed } from './feed.js';
import { currentChannel, type Effect, initialState, update, type ViewerEvent, type ViewerState } from './model.js';
import { type Panel, panelFor, samePanel } from './panel.js';
import type { Player, PlayerEvents } from './players/player.js';
import { Tuner, troubleLine } from './tuner.js';

export interface ViewerOptions {
  channels: readonly FoundChannel[];
  startPlayer: (events: PlayerEvents) => Promise<Player>;
  /** Shows what is to be seen outside the window. Called when it changed, and once a second. */
  show: (panel: Panel | null, state: ViewerState, report: ReceptionReport | null) => void;
  /** Looks for stations again. */
  refresh: () => Promise<readonly FoundChannel[]>;
  createTuner?: (events: ConstructorParameters<typeof Tuner>[0]) => Tuner;
  now?: () => Millis;
}

/** How often the model is told that time passes. */
const TICK: Millis = 200;

export class Viewer {
  private state: ViewerState;
  private readonly feed = new Feed({ onPlaceLost: () => this.dispatch({ type: 'place-lost' }) });
  private readonly tuner: Tuner;
  private readonly now: () => Millis;
  private channels: Map<string, FoundChannel>;
  private player: Player | null = null;
  private panel: Panel | null = null;
  private timer: NodeJS.Timeout | null = null;
  /** Counts tunings, so that one that was overtaken by the next does nothing more. */
  private tunings = 0;
  private tuning: Promise<void> = Promise.resolve();
  /** Receivers whose station is still on the screen while the next is being tuned. */
  private leaving: StationReceiver[] = [];
  private finish: (problem: Problem | null) => void = () => undefined;

  constructor(private readonly options: ViewerOptions) {
    this.now = options.now ?? (() => performance.now());
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
    this.timer = setInterval(() => this.tick(), TICK);
    if (first) {
      const at = this.state.channels.findIndex(({ key }) => key === first.key);
      this.state = { ...this.state, marked: at };
      this.dispatch({ type: 'key', key: 'enter' });
    }
    this.render(true);
    try {
      await ended;
    } finally {
      clearInterval(this.timer);
      await this.tuning;
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
    const { state, effects } = update(this.state, event, this.now());
    this.state = state;
    for (const effect of effects) this.perform(effect);
    this.render(false);
  }

  private perform(effect: Effect): void {
    switch (effect.type) {
      case 'tune':
        this.startTuning(effect.key);
        break;
      case 'pause':
        this.player?.pause();
        this.tuner.pause();
        break;
      case 'resume':
        this.player?.resume();
        this.tuner.resume();
        break;
      case 'live':
        this.playWhenReady(this.tunings);
        break;
      case 'refresh':
        this.refresh();
        break;
      case 'exit':
        this.finish(null);
    }
  }

  private startTuning(key: string): void {
    const turn = ++this.tunings;
    // One after another: the session's answers come in the order of the requests.
    this.tuning = this.tuning.then(() => this.tune(key, turn)).catch((error: Problem) => this.finish(error));
  }

  private async tune(key: string, turn: number): Promise<void> {
    const channel = this.channels.get(key);
    if (!channel || turn !== this.tunings || this.state.mode === 'ended') return;
    const before = this.tuner.current;
    if (before) this.leaving.push(before);
    const [receiver] = await Promise.all([this.tuner.tune(channel), this.ensurePlayer()]);
    this.playWhenReady(turn, receiver);
  }

  private async ensurePlayer(): Promise<void> {
    this.player ??= await this.options.startPlayer({
      onKey: (key) => this.dispatch({ type: 'key', key }),
      onPicture: () => this.dispatch({ type: 'picture' }),
      onClosed: () => this.dispatch({ type: 'closed' }),
    });
    this.player.show(this.panel);
  }

  /** The picture before stays until the new station has one. */
  private playWhenReady(turn: number, receiver = this.tuner.current): void {
    receiver?.buffer.wait(null, () => {
      if (turn === this.tunings && !receiver.buffer.isEnded && this.state.mode !== 'ended') this.play(receiver);
    });
  }

  private play(receiver: StationReceiver): void {
    const { player, feed } = this;
    if (!player) return;
    const source = { station: receiver.station, buffer: receiver.buffer };
    const spliced = player.prefersSplice && feed.splice(source);
    for (const before of this.leaving.splice(0)) void before.close();
    if (spliced) {
      player.resume();
      this.dispatch({ type: 'picture' });
      return;
    }
    const { name, format } = receiver.station;
    player.play({ url: feed.open(source), title: name, format }).catch((error: Problem) => {
      if (this.state.mode !== 'ended') this.finish(error);
    });
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

  private tick(): void {
    this.dispatch({ type: 'tick', lastPacket: this.tuner.current?.report().lastArrival ?? null });
    this.options.show(this.panel, this.state, this.report());
  }

  private report(): ReceptionReport | null {
    const { current } = this.tuner;
    return current && currentChannel(this.state) ? current.report() : null;
  }

  private render(always: boolean): void {
    const panel = panelFor(this.state, this.report(), this.now());
    if (!always && samePanel(panel, this.panel)) return;
    this.panel = panel;
    this.player?.show(panel);
    this.options.show(panel, this.state, this.report());
  }
}
