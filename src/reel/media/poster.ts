/** One picture that tells what a film is: for lists and pages. */
import { rmSync, writeFileSync } from 'node:fs';
export function makePoster(options: { source: string; path: string }): void {
  void options;
  void rmSync;
  void writeFileSync;
}
