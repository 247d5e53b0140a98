import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../../../test/support/base/silentLogger.ts';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { createGatewayFixture, type GatewayFixture } from '../../../test/support/gateway/gateway.ts';
import { agentDigest } from '../../agent/files.ts';
import { sleep } from '../../controller/lib/clock.ts';
import { AGENT_LABEL } from '../served/keptTexts.ts';
import { createAgentShelf } from './agentShelf.ts';

const PRESENT = { script: '#!/bin/sh\necho present\n', unit: '[Unit]\n' };
const OTHER = '#!/bin/sh\necho another release\n';

let fixture: GatewayFixture;
afterEach(() => fixture.close());

/** A gateway beside ConfigMaps that a controller of any release keeps. */
async function setUp() {
  const clock = createVirtualClock();
  const maps: Record<string, unknown>[] = [];
  const seen = { lists: 0, fails: false, slowMs: 0 };
  const kube = {
    async list(_resource: unknown, options?: { namespace?: string; labelSelector?: string }) {
      seen.lists += 1;
      if (seen.fails) throw new Error('the API server is away');
      if (seen.slowMs > 0) await sleep(clock, seen.slowMs);
      expect(options).toMatchObject({ namespace: 'system', labelSelector: 'compute.molecule.ai/kind=agent' });
      return { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '1' }, items: maps };
    },
  };
  const shelf = createAgentShelf({
    kube: kube as never,
    namespace: 'system',
    present: PRESENT,
    clock,
    logger: silentLogger(),
  });
  fixture = await createGatewayFixture({ agent: shelf });
  const keep = (content: string, name = 'a') =>
    maps.push({ metadata: { name, namespace: 'system', labels: AGENT_LABEL }, data: { content } });
  const get = (digest: string) => fixture.gateway.inject({ url: `/v1/agent/${digest}` });
  return { clock, keep, get, seen };
}

test('an API server that answers slowly has one list of ours at a time', async () => {
  const { clock, keep, get, seen } = await setUp();
  keep(OTHER);
  seen.slowMs = 30_000;
  const answers = [get(agentDigest(OTHER))];
  for (let asked = 0; asked < 5; asked += 1) {
    await clock.advance(3_000);
    answers.push(get(agentDigest(OTHER)));
  }
  await clock.advance(30_000);
  for (const answer of await Promise.all(answers)) expect(answer.statusCode).toBe(200);
  expect(seen.lists).toBe(1);
});

test('the present agent is served at its digest without a question', async () => {
  const { get, seen } = await setUp();
  const answer = await get(agentDigest(PRESENT.script));
  expect([answer.statusCode, answer.body, seen.lists]).toEqual([200, PRESENT.script, 0]);
});

test('an agent that a launch of another release names is served, as soon as that release’s controller keeps it', async () => {
  const { clock, keep, get } = await setUp();
  expect((await get(agentDigest(OTHER))).statusCode).toBe(404);
  keep(OTHER);
  await clock.advance(2_000);
  const answer = await get(agentDigest(OTHER));
  expect([answer.statusCode, answer.body]).toEqual([200, OTHER]);
});

test('what is kept under a name of another content is not passed off as it', async () => {
  const { keep, get } = await setUp();
  keep('#!/bin/sh\nrm -rf /\n', `workspace-user-data-${agentDigest(OTHER).slice(0, 32)}`);
  expect((await get(agentDigest(OTHER))).statusCode).toBe(404);
});

test('who asks for digests that do not exist costs the API server one list in two seconds', async () => {
  const { clock, get, seen } = await setUp();
  const digests = Array.from({ length: 50 }, (_, index) => agentDigest(String(index)));
  const answers = await Promise.all(digests.map(get));
  expect(answers.every(({ statusCode }) => statusCode === 404)).toBe(true);
  expect(seen.lists).toBe(1);
  for (const path of ['..%2f..%2fetc', 'A'.repeat(64), '0'.repeat(63)]) await get(path);
  expect(seen.lists).toBe(1);
  await clock.advance(2_000);
  await Promise.all(digests.map(get));
  expect(seen.lists).toBe(2);
});

test('an API server that is away takes no known agent away, and is asked again', async () => {
  const { clock, keep, get, seen } = await setUp();
  keep(OTHER);
  await get(agentDigest(OTHER));
  seen.fails = true;
  await clock.advance(10_000);
  expect((await get(agentDigest('none'))).statusCode).toBe(404);
  expect((await get(agentDigest(OTHER))).statusCode).toBe(200);
});
