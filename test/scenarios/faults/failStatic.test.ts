import { expect, test } from 'vitest';
import { createOutages, expectStatic, snapshot } from '../steps/outages.ts';

const COUNT = 3;
/** A class in seconds as they are: agents keep to them. From the last heartbeat its timeout, and as long again until a replacement. */
const HEARTBEAT = { periodSeconds: 1, timeoutSeconds: 4 };
const TIMEOUT_MS = 4_000;

// One outage, of a real Postgres over sockets. All others, and what is proven in one: test/virtual/faults/failStatic.test.ts.
test('Postgres is away for longer than any timeout: one condition says so, and nothing is done', async () => {
  const outages = await createOutages({
    count: COUNT,
    spec: {
      heartbeat: HEARTBEAT,
      repair: { afterSeconds: 2 },
      rollout: { minIntervalSeconds: 3 },
      startupTimeoutSeconds: 86_400,
    },
    env: { WORKSPACE_TIMING_SECOND_MS: '1000' },
  });
  try {
    const { database } = outages.doors;
    const times = { awayMs: 2 * TIMEOUT_MS + 3_000, settleMs: TIMEOUT_MS };
    await expectStatic(outages, times, database.shut, database.open, [
      'EvidenceAvailable',
      'DatabaseUnavailable',
    ]);
    expect(await snapshot(outages)).toMatchObject({ provisions: COUNT, terminations: 0 });
  } finally {
    await outages.close();
  }
});
