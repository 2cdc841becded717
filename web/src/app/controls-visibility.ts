/** What lies over the picture goes away when nobody moves: pictures first. */
import { signal } from '@preact/signals';

const IDLE_TIME = 3000;
/** For who is among the controls with the keyboard, or does not see them. */
const FOCUSED_TIME = 10_000;

export class ControlsVisibility {
  readonly visible = signal(true);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #held = false;

  /** Shows it for a while. */
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

  /** While the pointer rests on it, or a menu is open, it stays. */
  hold(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    this.wake();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
