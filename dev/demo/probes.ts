import { type Clock, sleep } from '../../src/controller/lib/clock.ts';

/** What a probe sees of the world, and whom it cries to. */
export interface ProbeTarget {
  /** EC2's own word for the state of the instance. */
  look(): Promise<string>;
  /** "It is dead": the probe read something other than running. */
  complain(probe: string, state: string): Promise<void>;
}

/** When each comes round, ms of life size after the instance was launched: well within EC2's usual pending. */
const PROBES: Readonly<Record<string, number>> = {
  dashboard: 2_000,
  proxy: 4_000,
  watchdog: 7_000,
  scheduler: 10_000,
};

/**
 * Four health probes that know nothing of one another. Each reads "not running" as dead, once; that was the incident's
 * mistake. Answers with how many cried.
 */
export async function runProbes(
  target: ProbeTarget,
  options: { clock: Clock; speed: number; signal: AbortSignal },
): Promise<number> {
  const { clock, speed, signal } = options;
  const cries = await Promise.all(
    Object.entries(PROBES).map(async ([probe, afterMs]) => {
      await sleep(clock, afterMs / speed, signal);
      signal.throwIfAborted();
      const state = await target.look();
      if (state === 'running') return false;
      await target.complain(probe, state);
      return true;
    }),
  );
  return cries.filter(Boolean).length;
}
