/** Ids of stations that are unique among others. */

/** `id`, or if that is one of `taken`, `id` with the suffix "-2", "-3" … */
export function distinctId(id: string, taken: { has(id: string): boolean }): string {
  if (!taken.has(id)) return id;
  let number = 2;
  while (taken.has(`${id}-${number}`)) number++;
  return `${id}-${number}`;
}
