import type { VirtualClock } from '../../support/base/virtualClock.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** For one step of a story, virtual ms. */
const LONGEST_WAIT_MS = 30 * MINUTE;

/** True, or what is wrong. */
export type Verdict = true | string;

/** Virtual time: it passes only in these calls, and all of the world acts in it. All times in ms. */
export interface Time {
  /** Since the world began. */
  now(): number;
  pass(ms: number): Promise<void>;
  /**
   * Lets time pass until `look` finds something, and looks at each instant at which anything happens.
   * @throws once `within` (default 30 minutes) has passed: what it waited for, and what it sees instead
   */
  until<T>(
    what: string,
    look: () => T | undefined | false | Promise<T | undefined | false>,
    within?: number,
  ): Promise<T>;
  /** Lets time pass until this has settled. */
  during<T>(work: Promise<T>): Promise<T>;
  /**
   * From now on a law, judged each virtual second and after each change of cloud or cluster: `judge` answers true, or
   * what is wrong, which ends the story. @returns how to lift it
   */
  always(law: string, judge: () => Verdict | Promise<Verdict>): () => void;
  /** Counts from now on at the same moments. @returns the most that there was at once */
  most(count: () => number): () => number;
}

export interface TimeOptions {
  clock: VirtualClock;
  /** The visible state, for a wait that ended in vain. */
  glance(): string;
  /** Whether cloud or cluster changed since it was last asked. */
  changed(): boolean;
  /** Aborted when no caller waits for the story any more. */
  signal: AbortSignal | undefined;
}

export function createTime({ clock, glance, changed, signal }: TimeOptions): Time {
  const laws = new Set<{ law: string; judge: () => Verdict | Promise<Verdict> }>();

  async function judgeAll(): Promise<void> {
    for (const { law, judge } of laws) {
      const verdict = await judge();
      if (verdict !== true) throw new Error(`${law}: ${verdict}`);
    }
  }

  /** To the next instant at which a timer is due, or to the end of this second. */
  async function step(most: number): Promise<void> {
    signal?.throwIfAborted();
    const second = (Math.floor(clock.monotonic() / SECOND) + 1) * SECOND;
    const next = Math.min(most, second, Math.max(clock.nextAt() ?? most, clock.monotonic()));
    await clock.advanceTo(next);
    if (changed() || next === second) await judgeAll();
  }

  async function until<T>(
    what: string,
    look: () => T | undefined | false | Promise<T | undefined | false>,
    within = LONGEST_WAIT_MS,
  ): Promise<T> {
    const deadline = clock.monotonic() + within;
    await clock.settle();
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (clock.monotonic() >= deadline)
        throw new Error(
          `waited ${within / SECOND} virtual seconds in vain until ${what}; it sees ${glance()}`,
        );
      await step(deadline);
    }
  }

  function always(law: string, judge: () => Verdict | Promise<Verdict>): () => void {
    const entry = { law, judge };
    laws.add(entry);
    return () => void laws.delete(entry);
  }

  return {
    now: clock.monotonic,
    until,
    async pass(ms) {
      const end = clock.monotonic() + ms;
      while (clock.monotonic() < end) await step(end);
    },
    async during(work) {
      let settled = false;
      const end = () => {
        settled = true;
      };
      work.then(end, end);
      await until('what was begun has ended', () => settled);
      return work;
    },
    always,
    most(count) {
      let most = count();
      always('counted', () => {
        most = Math.max(most, count());
        return true;
      });
      return () => most;
    },
  };
}
