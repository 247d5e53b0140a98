import type { Clock } from '../../controller/lib/clock.ts';

export interface AnswerCacheOptions {
  clock: Clock;
  /** How long an answer is good, ms. */
  freshMs: number;
  /** How long it is still better than none, when nobody answers, ms. */
  staleMs: number;
  /** Answers kept; the one that was longest not asked for goes first. */
  maxEntries: number;
  /** Questions under way at once; one more is refused. */
  maxAsking: number;
}

/** More questions are under way than may be: nothing was asked. */
export class TooManyQuestions extends Error {
  override readonly name = 'TooManyQuestions';
}

/** Answers to questions that cost something: each is asked once for all who want to know it meanwhile. */
export interface AnswerCache<T> {
  /** Rejects as `ask` does, unless there is an older answer. */
  get(key: string, ask: () => Promise<T>): Promise<T>;
  /** The answer as it is known, if it is still better than none. */
  peek(key: string): T | undefined;
}

export function createAnswerCache<T>(options: AnswerCacheOptions): AnswerCache<T> {
  const { clock, freshMs, staleMs, maxEntries, maxAsking } = options;
  const known = new Map<string, { answer: T; at: number }>();
  const asking = new Map<string, Promise<T>>();

  const keep = (key: string, entry: { answer: T; at: number }): void => {
    known.delete(key);
    known.set(key, entry);
    const [oldest] = known.keys();
    if (known.size > maxEntries && oldest !== undefined) known.delete(oldest);
  };

  async function askAnew(key: string, ask: () => Promise<T>): Promise<T> {
    const entry = known.get(key);
    try {
      if (asking.size >= maxAsking) throw new TooManyQuestions('too many questions are under way');
      const asked = ask();
      asking.set(key, asked);
      const answer = await asked.finally(() => asking.delete(key));
      keep(key, { answer, at: clock.monotonic() });
      return answer;
    } catch (error) {
      if (entry !== undefined && clock.monotonic() - entry.at < staleMs) return entry.answer;
      throw error;
    }
  }

  return {
    peek(key) {
      const entry = known.get(key);
      return entry && clock.monotonic() - entry.at < staleMs ? entry.answer : undefined;
    },
    async get(key, ask) {
      const entry = known.get(key);
      if (entry !== undefined && clock.monotonic() - entry.at < freshMs) {
        keep(key, entry);
        return entry.answer;
      }
      return asking.get(key) ?? askAnew(key, ask);
    },
  };
}
