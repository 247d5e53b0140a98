import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createOutages,
  expectStandby,
  expectStatic,
  type Outages,
  snapshot,
} from '../scenarios/steps/outages.ts';

const COUNT = 20;
/** Longer than the class's heartbeat timeout and the time after which it replaces together. */
const TIMES = { awayMs: 120_000, settleMs: 60_000 };

// At life size, in the protocol's own intervals.
describe('for two minutes what the operator stands on is away', () => {
  let outages: Outages;
  beforeAll(async () => {
    outages = await createOutages({
      count: COUNT,
      spec: { heartbeat: { periodSeconds: 10, timeoutSeconds: 30 }, repair: { afterSeconds: 30 } },
      stack: { speed: 1 },
    });
  }, 300_000);
  afterAll(() => outages.close());

  test('Postgres: one condition, and nothing done', async () => {
    const { database } = outages.doors;
    await expectStatic(outages, TIMES, database.shut, database.open, [
      'EvidenceAvailable',
      'DatabaseUnavailable',
    ]);
  });

  test('EC2: one condition, and nothing done', async () => {
    const { cloud } = outages.doors;
    await expectStatic(outages, TIMES, cloud.shut, cloud.open, ['CloudAvailable', 'CloudUnavailable']);
  });

  test('the API server: a standby, and nothing done', async () => {
    await expectStandby(outages, TIMES);
  });

  test('in all that each was provisioned once', async () => {
    expect(await snapshot(outages)).toMatchObject({ provisions: COUNT, terminations: 0 });
  });
});
