/**
 * The most that each of several claimants may have of `total` so that nobody with less is cut: the largest integer share with
 * Σ min(count, share) ≤ `total`. Infinite where all of them fit.
 */
export function fairShare(counts: Iterable<number>, total: number): number {
  const ascending = Float64Array.from(counts).sort();
  let left = total;
  for (const [at, count] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - at));
    if (count > share) return share;
    left -= count;
  }
  return Number.POSITIVE_INFINITY;
}
