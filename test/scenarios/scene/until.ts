import { systemClock } from '../../../src/controller/lib/clock.ts';
import { witnesses } from './witness.ts';

/** For one step of a scenario; more at life size. */
const LONGEST_WAIT_MS = Number(process.env.SCENARIO_WAIT_MS ?? 100_000);
const LOOK_EVERY_MS = 10;

/** Looks again and again until it holds, or so long that it never will: then it says what it sees instead. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = systemClock.monotonic() + LONGEST_WAIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (systemClock.monotonic() > deadline) throw inVain(what);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** A promise of what a process or a server does, that does not come to nothing silently. */
export function within<T>(what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = systemClock.setTimeout(() => reject(inVain(what)), LONGEST_WAIT_MS);
    promise.then(resolve, reject).finally(timer.cancel);
  });
}

function inVain(what: string): Error {
  const glances = witnesses().map((witness) => `\n  ${witness.glance()}`);
  return new Error(`waited ${LONGEST_WAIT_MS / 1_000} s in vain until ${what}; there is:${glances.join('')}`);
}
