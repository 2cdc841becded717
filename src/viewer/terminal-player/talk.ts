/** Asks the terminal, and keeps its answers from those who wait for keys. */
import type { Timers } from '../../base/timers.js';
import type { Millis } from '../../base/units.js';
import { type Abilities, ARE_YOU_THERE, abilitiesOf, isLast, isThere, QUESTIONS, split } from './answers.js';

export interface TalkOptions {
  write: (text: string) => void;
  /** What was typed. */
  onTyped: (text: string) => void;
  timers: Timers;
}

/** What may be the beginning of an answer is held for so long: it may also be the Escape key. */
const PAUSE: Millis = 50;
/** An answer that has not come by then does not come. */
const LOST: Millis = 2_000;

/**
 * It is in charge of:
 * - what the terminal can do
 * - how far it has come with what it was sent, where it says so: what lies on the way to it is not seen from here
 * - the rest of what came from it, in order
 */
export class Talk {
  private begun = '';
  private readonly answers: string[] = [];
  private onLast: (() => void) | null = null;
  /** Questions whether it is there that it has not answered, and who waits for that. */
  private open = 0;
  private onOpen: () => void = () => undefined;
  private cancelTyped: () => void = () => undefined;
  private cancelLost: () => void = () => undefined;

  constructor(private readonly options: TalkOptions) {}

  /** Resolves when the last answer is there, or after `patience` with what was said until then. */
  async ask(patience: Millis): Promise<Abilities> {
    const { timers, write } = this.options;
    await new Promise<void>((resolve) => {
      const cancel = timers.after(patience, resolve);
      this.onLast = () => {
        cancel();
        resolve();
      };
      write(QUESTIONS);
    });
    this.onLast = null;
    return abilitiesOf(this.answers);
  }

  /** What came from the terminal. */
  take(text: string): void {
    this.cancelTyped();
    const { answers, typed, begun } = split(this.begun + text);
    this.begun = begun;
    if (typed !== '') this.options.onTyped(typed);
    for (const answer of answers) this.onAnswer(answer);
    if (begun === '') return;
    this.cancelTyped = this.options.timers.after(PAUSE, () => {
      this.begun = '';
      this.options.onTyped(begun);
    });
  }

  /** What to write behind something, so that the terminal says when it has come so far. */
  question(): string {
    this.open++;
    this.cancelLost();
    this.cancelLost = this.options.timers.after(LOST, () => this.setOpen(0));
    return ARE_YOU_THERE;
  }

  /** How many such answers are on their way. */
  get unanswered(): number {
    return this.open;
  }

  /** Called whenever there are fewer. */
  setListener(onOpen: () => void): void {
    this.onOpen = onOpen;
  }

  /** Resolves when every answer has come, or is lost: then none is typed into what comes after us. */
  async quiet(): Promise<void> {
    if (this.open === 0) return;
    await new Promise<void>((resolve) =>
      this.setListener(() => {
        if (this.open === 0) resolve();
      }),
    );
  }

  close(): void {
    this.cancelTyped();
    this.cancelLost();
  }

  private onAnswer(answer: string): void {
    if (isThere(answer)) this.setOpen(Math.max(0, this.open - 1));
    else this.answers.push(answer);
    if (isLast(answer)) this.onLast?.();
  }

  private setOpen(open: number): void {
    this.open = open;
    if (open === 0) this.cancelLost();
    this.onOpen();
  }
}
