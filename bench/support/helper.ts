/** The inner side of a HelperProcess. */
import { createInterface } from 'node:readline';

/** Its argument. */
export const readTask = <T>(): T => JSON.parse(process.argv[2]!);

/** Prints `ready`, then yields the words of each line of standard input. */
export async function* commands(): AsyncGenerator<string[]> {
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) yield line.split(' ');
}
