/** Of a class: how many are expected to heartbeat, and when those that don't were last heard, where that is known. */
export interface Hearing {
  expected: number;
  /** The database's wall clock, ms; undefined for one of which it has no heartbeat on record. */
  silent: readonly (number | undefined)[];
}

/** How many of a class may fall silent within one heartbeat timeout: 20 %, and two in any case. */
export function mostSilent(expected: number): number {
  return Math.max(2, Math.floor(expected / 5));
}

/**
 * The most that fell silent within one heartbeat timeout: those whose last heartbeats lie within it. It follows from the
 * database alone and not from this process's memory, so that another leader comes to the same verdict.
 */
export function silentAtOnce({ silent }: Hearing, timeoutMs: number): number {
  const times = silent.filter((at) => at !== undefined).sort((a, b) => a - b);
  let most = 0;
  let from = 0;
  times.forEach((at, index) => {
    while (at - (times[from] ?? at) > timeoutMs) from += 1;
    most = Math.max(most, index - from + 1);
  });
  // Launches without a heartbeat on record may have fallen silent in any window.
  return most + (silent.length - times.length);
}
