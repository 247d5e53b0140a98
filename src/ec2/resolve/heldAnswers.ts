import type { Clock } from '../../controller/lib/clock.ts';
import { createSingleFlight } from '../../controller/lib/singleFlight.ts';

export interface HeldAnswersOptions<T> {
  clock: Clock;
  /** How long a value is used without asking again, in ms. */
  ttlMs: (value: T) => number;
}

/** Values by key for a while; callers that ask for the same key at the same time share one request. A rejection is not kept. */
export interface HeldAnswers<T> {
  get(key: string, ask: () => Promise<T>): Promise<T>;
  /** The value at hand while it is fresh. */
  peek(key: string): T | undefined;
}

export function createHeldAnswers<T>({ clock, ttlMs }: HeldAnswersOptions<T>): HeldAnswers<T> {
  const values = new Map<string, { value: T; expiresAt: number }>();
  const flight = createSingleFlight<T>();

  function peek(key: string): T | undefined {
    const entry = values.get(key);
    return entry && clock.monotonic() < entry.expiresAt ? entry.value : undefined;
  }

  async function question(key: string, ask: () => Promise<T>): Promise<T> {
    const value = await ask();
    const now = clock.monotonic();
    for (const [old, { expiresAt }] of values) if (expiresAt <= now) values.delete(old);
    values.set(key, { value, expiresAt: now + ttlMs(value) });
    return value;
  }

  return {
    peek,
    async get(key, ask) {
      return peek(key) ?? flight.run(key, () => question(key, ask));
    },
  };
}
