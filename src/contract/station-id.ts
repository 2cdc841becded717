/** Ids of stations that are unique among others. */

/** Like `id`, but none of `taken`: with "-2", "-3" … behind it. */
export function distinctId(id: string, taken: ReadonlySet<string>): string {
  if (!taken.has(id)) return id;
  let number = 2;
  while (taken.has(`${id}-${number}`)) number++;
  return `${id}-${number}`;
}
