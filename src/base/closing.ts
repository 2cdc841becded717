/** Closing several things of which one may fail to close: the others are closed in any case. */

type Close = () => Promise<void> | void;

/** Closes one after the other. Rejects when all have been closed: with the error, or an AggregateError of several. */
export async function closeInOrder(closers: Iterable<Close>): Promise<void> {
  const errors: unknown[] = [];
  for (const close of closers) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  throwAll(errors);
}

/** The same, all at once. */
export async function closeTogether(closers: Iterable<Close>): Promise<void> {
  const results = await Promise.allSettled(Array.from(closers, async (close) => close()));
  throwAll(results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])));
}

function throwAll(errors: readonly unknown[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('; '));
}
