import type { Counter, LabelValues } from 'prom-client';

/**
 * Exports these series with 0 from the start: `increase` sees nothing of a series whose first sample is 1, so that the first
 * event of a kind, which is the one to be alerted of, would be missed.
 */
export function startAtZero<L extends string>(
  counter: Counter<L>,
  series: readonly LabelValues<L>[],
): Counter<L> {
  for (const labels of series) counter.inc(labels, 0);
  return counter;
}
