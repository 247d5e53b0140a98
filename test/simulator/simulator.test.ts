import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';

/** SEED=n for one history; SEEDS=n for the first n; SEEDS=from-to for those. Each fifth has a fleet. */
const seeds = seedsOf(process.env.SEED ?? process.env.SEEDS ?? '10', process.env.SEED !== undefined);
const PROGRESS = 50;

function seedsOf(text: string, one: boolean): number[] {
  const [from = 1, to] = one ? [Number(text), Number(text)] : text.split('-').map(Number);
  const [first, last] = to === undefined ? [1, from] : [from, to];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

test(
  `two replicas of the whole operator, ${seeds.length} histories of mishaps: the laws hold, and left alone all comes to what was asked for`,
  async () => {
    let [provisions, deaths, writes, calls] = [0, 0, 0, 0];
    const broken: string[] = [];
    const beyond: string[] = [];
    for (const [index, seed] of seeds.entries()) {
      // One that fails stops no other: a run of thousands says all that it found.
      await simulate(seed).then(
        (history) => {
          provisions += history.provisions;
          deaths += history.deaths;
          writes = Math.max(writes, history.most.writes);
          calls = Math.max(calls, history.most.calls);
          if (history.beyond)
            beyond.push(`seed ${seed}: ${history.beyond.law}, after ${history.beyond.assumption}`);
        },
        (error: Error) => {
          broken.push(`seed ${seed}: ${error.message}`);
          if (seeds.length > PROGRESS)
            process.stderr.write(`seed ${seed}: ${error.message.split('\n')[0]}\n`);
        },
      );
      if ((index + 1) % PROGRESS === 0)
        process.stderr.write(
          `${index + 1} of ${seeds.length} histories, ${broken.length} failed, ${beyond.length} broke an assumption first; at most ${writes} writes of one object and ${calls} calls of one kind a minute\n`,
        );
    }
    expect(broken).toEqual([]);
    // What goes wrong here is within what the protocol claims to survive.
    expect(beyond).toEqual([]);
    expect(provisions).toBeGreaterThan(seeds.length);
    expect(deaths).toBeGreaterThan(0);
  },
  Math.max(120_000, seeds.length * 60_000),
);
