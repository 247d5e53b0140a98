import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom } from '../../../test/support/base/seededRandom.ts';
import { CLUSTER, createGatewayFixture, type GatewayFixture } from '../../../test/support/gateway/gateway.ts';
import type { Gateway } from '../server.ts';
import { createSession } from './credentials.ts';

const LAUNCHES = 20;
const ENV = `k1:${'0'.repeat(64)}`;
const LIMITS = { perLaunch: 300, perCaller: 300, perAddress: 300 };

let fixture: GatewayFixture;
let replicas: [Gateway, Gateway];
beforeEach(async () => {
  fixture = await createGatewayFixture({ limits: LIMITS });
  replicas = [fixture.gateway, fixture.another({ limits: LIMITS })];
  for (let index = 0; index < LAUNCHES; index += 1) {
    const workspace = fixture.put();
    const uid = `uid-${index}`;
    fixture.workspaces.set(`team/${uid}`, {
      ...workspace,
      metadata: { ...workspace.metadata, name: uid, uid },
    });
  }
});
afterEach(() => fixture.close());

function send(gateway: Gateway, uid: string, seq: number) {
  const session = createSession(fixture.keys.current('session'), { clusterID: CLUSTER, uid, number: 1 });
  return gateway.inject({
    method: 'POST',
    url: '/v1/heartbeat',
    headers: { authorization: `Bearer ${session}` },
    payload: { number: 1, boot: 1, seq, env: ENV },
  });
}

test('of two replicas that answer for the same launches in any order, none takes back what the other stored', async () => {
  const random = seededRandom(17);
  for (let seq = 1; seq <= 10; seq += 1) {
    const answers = Array.from({ length: LAUNCHES }, (_, index) => {
      const [first, second] = random.next() < 0.5 ? replicas : [replicas[1], replicas[0]];
      const uid = `uid-${index}`;
      // A balancer may repeat to one what the other is still storing, or bring an older one late.
      return [send(first, uid, 2 * seq), send(second, uid, 2 * seq - (index % 2))];
    });
    for (const { statusCode } of await Promise.all(answers.flat())) expect(statusCode).toBe(200);
  }
  const { rows } = await fixture.store.readAll();
  expect(rows).toHaveLength(LAUNCHES);
  for (const row of rows) expect(row).toMatchObject({ seq: 20, fresh: true });
});

test('what a replica still stores when it stops is answered, and is there for the others', async () => {
  const begun = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const stopping = fixture.another({
    store: {
      ...fixture.store,
      async recordHeartbeats(batch) {
        begun.resolve();
        await released.promise;
        return fixture.store.recordHeartbeats(batch);
      },
    },
  });
  const answers = Array.from({ length: LAUNCHES }, (_, index) => send(stopping, `uid-${index}`, 1));
  await begun.promise;
  const stopped = stopping.stop();
  released.resolve();
  const settled = await Promise.allSettled(answers);
  await stopped;
  const stored = settled.flatMap((answer, index) =>
    answer.status === 'fulfilled' && answer.value.statusCode === 200 ? [`uid-${index}`] : [],
  );
  expect(stored.length).toBeGreaterThan(0);
  for (const uid of stored)
    expect(await fixture.store.find({ uid, number: 1 })).toMatchObject({ seq: 1, fresh: true });
  expect((await send(fixture.gateway, 'uid-0', 2)).statusCode).toBe(200);
});

test('each replica counts for itself: a launch may send its most to each of them', async () => {
  const least = { perLaunch: 2, perCaller: 2, perAddress: 2 };
  const [one, two] = [fixture.another({ limits: least }), fixture.another({ limits: least })];
  const statuses: number[] = [];
  for (let seq = 1; seq <= 3; seq += 1)
    for (const gateway of [one, two]) statuses.push((await send(gateway, 'uid-0', seq)).statusCode);
  expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
});
