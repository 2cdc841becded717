/** What the tests of a file share: it lives until the last of them has ended. */
import { after, type TestContext } from 'node:test';

const closings: (() => unknown)[] = [];
after(async () => {
  for (const close of closings.reverse()) await close();
});

/** In place of a test's context, for what is closed with the file instead of the test. */
export const fileEnd: Pick<TestContext, 'after'> = { after: (close) => void closings.push(close as () => unknown) };
