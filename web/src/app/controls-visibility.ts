/** Hides the controls over the picture after a time without input. */
import { signal } from '@preact/signals';

const IDLE_TIME = 3000;
/** With the keyboard focus on the controls. */
const FOCUSED_TIME = 10_000;

export class ControlsVisibility {
  readonly visible = signal(true);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #held = false;

  /** Shows the controls for a while. */
  wake({ focused = false } = {}): void {
    this.visible.value = true;
    clearTimeout(this.#timer);
    if (this.#held) return;
    this.#timer = setTimeout(() => this.hide(), focused ? FOCUSED_TIME : IDLE_TIME);
  }

  hide(): void {
    if (this.#held) return;
    clearTimeout(this.#timer);
    this.visible.value = false;
  }

  /** Keeps the controls visible while the pointer rests on them, or a menu is open. */
  hold(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    this.wake();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
