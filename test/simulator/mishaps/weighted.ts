import type { Random } from '../../../src/controller/lib/random.ts';

/** One thing that somebody wants; returns what. */
export type Act = () => Promise<string>;

/** What goes wrong; `undefined` where there was nothing that it could happen to. */
export type Mishap = () => string | undefined;

export type Weighted<T> = readonly (readonly [weight: number, choice: T])[];

export function weighted<T>(random: Random, choices: Weighted<T>): T {
  let left = random.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, choice] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  throw new Error('there is no choice');
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[upTo(random, items.length)] as T;
}

/** A whole number below it. */
export function upTo(random: Random, most: number): number {
  return Math.floor(random.next() * most);
}
