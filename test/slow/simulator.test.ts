import { expect, test } from 'vitest';
import { simulate } from '../simulator/simulate.ts';

/** Long after T_late: what the protocol does not claim to survive. */
const LATE_MS = 300_000;
const MOST_SEEDS = 200;

test('the simulator can fail: requests that land long after T_late give a Workspace two instances', async () => {
  for (let seed = 1; seed <= MOST_SEEDS; seed += 1) {
    const broken = await simulate(seed, LATE_MS).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    if (broken === undefined) continue;
    expect(broken).toMatch(/S[14]: /);
    expect(broken).toContain(`SEED=${seed} `);
    return;
  }
  throw new Error(`no law broke in ${MOST_SEEDS} seeds`);
});
