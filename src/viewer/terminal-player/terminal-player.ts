/** Draws pictures in the terminal that the viewer was started in. No sound. */
import { systemTimers, type Timers } from '../../base/timers.js';
import { type Millis, PTS_MODULUS, type Ticks90k, wrap } from '../../base/units.js';
import type { Overlay } from '../overlay.js';
import type { Media, Player, PlayerEvents } from '../players/player.js';
import type { Borrower } from '../terminal.js';
import { AlternateScreen, type ScreenOutput } from './alternate-screen.js';
import { Composition } from './composition.js';
import { Decoder, type DecoderOptions, type TimedPicture } from './decoder.js';
import { rendererFor } from './graphics.js';
import { Pacer } from './pacer.js';
import { USUAL_CELL } from './place.js';
import type { GraphicsName, Renderer } from './renderer.js';
import { Talk } from './talk.js';

/** What of the terminal the player needs. */
export interface LentTerminal {
  lend(borrower: Borrower | null): void;
  type(text: string): void;
}

export interface TerminalPlayerOptions {
  /** Path of ffmpeg. */
  program: string;
  terminal: LentTerminal;
  output: ScreenOutput;
  /** undefined: the best that the terminal knows. */
  graphics?: GraphicsName;
  events: PlayerEvents;
  env?: NodeJS.ProcessEnv;
  timers?: Timers;
  decode?: (options: DecoderOptions) => Pick<Decoder, 'ended' | 'hold' | 'close'>;
}

/** How long the terminal may take to say what it knows. */
const PATIENCE: Millis = 300;
/** Pictures that are decoded ahead. */
const AHEAD = 6;

/**
 * It is in charge of:
 * - the terminal, lent and given back as it was
 * - one decoder after another, pictures of none but the last
 * - what is shown, and when: pacer and composition
 */
export class TerminalPlayer implements Player {
  readonly name = 'terminal';
  readonly hasOverlays = true;
  readonly prefersSplice = false;
  readonly beginsPaused = true;
  private readonly pacer: Pacer<TimedPicture>;
  private readonly composition: Composition;
  private decoder: Pick<Decoder, 'ended' | 'hold' | 'close'> | null = null;
  private closing: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly options: TerminalPlayerOptions,
    private readonly screen: AlternateScreen,
    private readonly talk: Talk,
    private readonly renderer: Renderer,
    composition: Composition,
  ) {
    this.composition = composition;
    this.pacer = new Pacer({
      timers: options.timers ?? systemTimers,
      show: (picture) => {
        this.composition.setPicture(picture);
        this.holdEnough();
      },
    });
    options.output.on('resize', this.onResize);
    options.output.on('error', this.onGone);
  }

  /** Takes the terminal, and asks it what it knows. */
  static async start(options: TerminalPlayerOptions): Promise<TerminalPlayer> {
    const { terminal, output, env = process.env, timers = systemTimers } = options;
    const screen = new AlternateScreen(output);
    const talk = new Talk({
      write: (text) => void output.write(text),
      onTyped: (text) => terminal.type(text),
      timers,
    });
    let composition: Composition | null = null;
    let status = '';
    const onStatus = (text: string): void => {
      status = text;
      composition?.setStatus(text);
    };
    terminal.lend({ onStatus, onInput: (text) => talk.take(text) });
    screen.enter();
    const said = await talk.ask(PATIENCE);
    const renderer = rendererFor(said, options.graphics, env);
    screen.setEnd(renderer.end);
    const cell = said.cell ?? USUAL_CELL;
    composition = new Composition({ output, renderer, cell, talk: said.answers ? talk : null });
    composition.setStatus(status);
    return new TerminalPlayer(options, screen, talk, renderer, composition);
  }

  /** Resolves when no picture of it will come any more, or something else is played. */
  async play(media: Media): Promise<void> {
    const { program, events, decode = (options) => new Decoder(options) } = this.options;
    this.endDecoder();
    this.pacer.begin(media.paused);
    let isFirst = true;
    const decoder = decode({
      program,
      media,
      most: this.renderer.most,
      onPicture: (picture) => {
        if (decoder !== this.decoder) return;
        this.pacer.add(picture);
        this.holdEnough();
        if (isFirst) events.onPicture();
        isFirst = false;
      },
    });
    this.decoder = decoder;
    await decoder.ended.catch((error: unknown) => {
      if (decoder === this.decoder) throw error;
    });
  }

  pause(): void {
    this.pacer.pause();
  }

  resume(): void {
    this.pacer.resume();
  }

  async position(): Promise<Ticks90k | null> {
    const { shown } = this.pacer;
    return shown === null ? null : wrap(shown, PTS_MODULUS);
  }

  async buffered(): Promise<Millis | null> {
    return this.pacer.ahead;
  }

  setSpeed(speed: number): void {
    this.pacer.setSpeed(speed);
  }

  show(overlay: Overlay | null): void {
    this.composition.setOverlay(overlay);
  }

  async close(): Promise<void> {
    const { options, talk } = this;
    this.pacer.begin(true);
    this.composition.close();
    this.endDecoder();
    await Promise.all([this.closing, talk.quiet()]);
    await this.screen.leave();
    talk.close();
    options.terminal.lend(null);
    options.output.off('resize', this.onResize);
    options.output.off('error', this.onGone);
  }

  private endDecoder(): void {
    const before = this.decoder;
    this.decoder = null;
    if (before) this.closing = Promise.all([this.closing, before.close()]);
  }

  private holdEnough(): void {
    this.decoder?.hold(this.pacer.held >= AHEAD);
  }

  private readonly onResize = (): void => this.composition.resize();
  private readonly onGone = (): void => this.options.events.onClosed();
}
