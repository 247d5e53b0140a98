import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';

/** SEEDS=n for more; SEED=n for this one alone. */
const only = process.env.SEED === undefined ? [] : [Number(process.env.SEED)];
const seeds =
  only.length > 0 ? only : Array.from({ length: Number(process.env.SEEDS ?? 50) }, (_, index) => index + 1);

test(
  `two replicas of the whole operator, ${seeds.length} histories of mishaps: the laws hold, and left alone all comes to what was asked for`,
  async () => {
    let provisions = 0;
    let deaths = 0;
    for (const seed of seeds) {
      const told = await simulate(seed);
      provisions += told.provisions;
      deaths += told.deaths;
    }
    expect(provisions).toBeGreaterThan(seeds.length);
    expect(deaths).toBeGreaterThan(0);
  },
  Math.max(120_000, seeds.length * 20_000),
);
