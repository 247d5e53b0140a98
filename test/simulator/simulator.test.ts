import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';

/** SEED=n for one history; SEEDS=n for the first n; SEEDS=from-to for those. */
const seeds = seedsOf(process.env.SEED ?? process.env.SEEDS ?? '50', process.env.SEED !== undefined);
const PROGRESS = 100;

function seedsOf(text: string, one: boolean): number[] {
  const [from = 1, to] = one ? [Number(text), Number(text)] : text.split('-').map(Number);
  const [first, last] = to === undefined ? [1, from] : [from, to];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

test(
  `two replicas of the whole operator, ${seeds.length} histories of mishaps: the laws hold, and left alone all comes to what was asked for`,
  async () => {
    let provisions = 0;
    let deaths = 0;
    const broken: string[] = [];
    for (const [index, seed] of seeds.entries()) {
      // One that fails stops no other: a run of thousands says all that it found.
      await simulate(seed).then(
        (told) => {
          provisions += told.provisions;
          deaths += told.deaths;
        },
        (error: Error) => broken.push(`seed ${seed}: ${error.message}`),
      );
      if ((index + 1) % PROGRESS === 0)
        process.stderr.write(`${index + 1} of ${seeds.length} histories, ${broken.length} failed\n`);
    }
    expect(broken).toEqual([]);
    expect(provisions).toBeGreaterThan(seeds.length);
    expect(deaths).toBeGreaterThan(0);
  },
  Math.max(120_000, seeds.length * 20_000),
);
