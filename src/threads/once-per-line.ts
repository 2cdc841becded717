/** A log that passes each line on only once: several threads meet the same conditions. */
export function oncePerLine(log: (line: string) => void): (line: string) => void {
  const known = new Set<string>();
  return (line) => {
    if (known.has(line)) return;
    known.add(line);
    log(line);
  };
}
