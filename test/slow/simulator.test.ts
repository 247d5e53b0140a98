import { expect, test } from 'vitest';
import { simulate } from '../simulator/simulate.ts';

/** Long after T_late: what the protocol does not claim to survive. */
const LATE_MS = 300_000;
const MOST_SEEDS = 200;

test('the simulator can fail: requests that land long after T_late give a Workspace two instances, and the judge names that assumption', async () => {
  for (let seed = 1; seed <= MOST_SEEDS; seed += 1) {
    const { beyond } = await simulate(seed, LATE_MS);
    if (!beyond || !/^S[14]: /.test(beyond.law)) continue;
    expect(beyond.assumption).toMatch(/T_late: \w+ was carried out \d+ ms after it was sent/);
    return;
  }
  throw new Error(`no law broke in ${MOST_SEEDS} seeds`);
});
