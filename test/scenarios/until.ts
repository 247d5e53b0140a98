import { systemClock } from '../../src/controller/clock.ts';

/** For one step of a scenario; more at life size. */
const LONGEST_WAIT_MS = Number(process.env.SCENARIO_WAIT_MS ?? 100_000);

/** Looks again and again until it holds, or so long that it never will. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = systemClock.monotonic() + LONGEST_WAIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (systemClock.monotonic() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
