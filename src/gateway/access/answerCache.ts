import type { Clock } from '../../controller/lib/clock.ts';
import { createSingleFlight } from '../../controller/lib/singleFlight.ts';

export interface AnswerCacheOptions<T> {
  clock: Clock;
  /** How long an answer is good, ms. */
  freshMs: number;
  /** How long an old answer is used while the API server does not answer, ms. */
  staleMs: number;
  /** Answers kept of either kind; the one that was longest not asked for goes first. */
  maxEntries: number;
  /** Questions under way at once; one more is refused. */
  maxAsking: number;
  /** An answer that any stranger can cause. As many are kept apart, and displace none of the others. */
  isRefusal?(answer: T): boolean;
}

/** More questions are under way than may be: nothing was asked. */
export class TooManyQuestions extends Error {
  override readonly name = 'TooManyQuestions';
}

interface Entry<T> {
  answer: T;
  /** Monotonic ms. */
  at: number;
}

/** Answers to questions that cost something: each is asked once for all who want to know it meanwhile. */
export interface AnswerCache<T> {
  /** Rejects as `ask` does, unless there is an older answer. */
  get(key: string, ask: () => Promise<T>): Promise<T>;
  /** The answer as it is known, if it is still better than none. */
  peek(key: string): T | undefined;
}

export function createAnswerCache<T>(options: AnswerCacheOptions<T>): AnswerCache<T> {
  const { clock, freshMs, staleMs, maxEntries, maxAsking, isRefusal = () => false } = options;
  const accepted = new Map<string, Entry<T>>();
  const refused = new Map<string, Entry<T>>();
  const flight = createSingleFlight<T>();

  const find = (key: string) => accepted.get(key) ?? refused.get(key);
  const keep = (key: string, entry: Entry<T>): void => {
    accepted.delete(key);
    refused.delete(key);
    const kept = isRefusal(entry.answer) ? refused : accepted;
    kept.set(key, entry);
    const [oldest] = kept.keys();
    if (kept.size > maxEntries && oldest !== undefined) kept.delete(oldest);
  };

  /** Without an answer now, one that is not too old serves. */
  async function question(key: string, ask: () => Promise<T>): Promise<T> {
    const entry = find(key);
    try {
      const answer = await ask();
      keep(key, { answer, at: clock.monotonic() });
      return answer;
    } catch (error) {
      return staleOr(entry, error);
    }
  }

  function staleOr(entry: Entry<T> | undefined, error: unknown): T {
    if (entry !== undefined && clock.monotonic() - entry.at < staleMs) return entry.answer;
    throw error;
  }

  return {
    peek(key) {
      const entry = find(key);
      return entry && clock.monotonic() - entry.at < staleMs ? entry.answer : undefined;
    },
    async get(key, ask) {
      const entry = find(key);
      if (entry !== undefined && clock.monotonic() - entry.at < freshMs) {
        keep(key, entry);
        return entry.answer;
      }
      if (!flight.has(key) && flight.size >= maxAsking)
        return staleOr(entry, new TooManyQuestions('too many questions are under way'));
      return flight.run(key, () => question(key, ask));
    },
  };
}
