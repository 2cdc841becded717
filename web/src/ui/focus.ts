/** Moving the focus by arrows among visible elements. */
import { type Direction, nextBox } from '../state/spatial.js';

const directions: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

export const directionOf = (event: KeyboardEvent): Direction | null =>
  event.ctrlKey || event.altKey || event.metaKey || event.shiftKey ? null : (directions[event.key] ?? null);

export const isTyping = (target: EventTarget | null): target is HTMLInputElement =>
  target instanceof HTMLInputElement && target.type !== 'range';

const isVisible = (element: HTMLElement): boolean => element.checkVisibility({ visibilityProperty: true });

/** Visible, enabled elements of `selector` in `container`. */
export const targetsIn = (container: ParentNode, selector: string): HTMLElement[] =>
  [...container.querySelectorAll<HTMLElement>(selector)].filter(
    (each) => !each.matches(':disabled') && isVisible(each),
  );

export function focusAndShow(element: HTMLElement): void {
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

/** Focuses the nearest element of `selector` in a direction. False where there is none. */
export function moveFocus(container: ParentNode, selector: string, direction: Direction): boolean {
  const targets = targetsIn(container, selector);
  const current = document.activeElement;
  if (!(current instanceof HTMLElement) || !container.contains(current) || current === container) {
    const [first] = targets;
    if (first) focusAndShow(first);
    return first !== undefined;
  }
  const others = targets.filter((each) => each !== current && !current.contains(each));
  const boxes = others.map((each) => each.getBoundingClientRect());
  const next = others[nextBox(current.getBoundingClientRect(), boxes, direction)];
  if (next) focusAndShow(next);
  return next !== undefined;
}

/** Moves the focus by a number of elements of `selector`, in document order, and stops at the ends. */
export function stepFocus(container: ParentNode, selector: string, by: number): void {
  const targets = targetsIn(container, selector);
  const at = targets.indexOf(document.activeElement as HTMLElement);
  const next = targets[Math.min(targets.length - 1, Math.max(0, at + by))];
  if (next) focusAndShow(next);
}
