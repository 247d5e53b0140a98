import { Registry } from 'prom-client';
import { beforeEach, expect, it } from 'vitest';
import { createBuckets } from '../../../src/ec2/calls/buckets.ts';
import { createCaller } from '../../../src/ec2/calls/call.ts';
import { createEc2Metrics } from '../../../src/ec2/calls/metrics.ts';
import type { Ec2Calls, Ec2Failure } from '../../../src/ec2/calls/port.ts';
import { seededRandom } from '../../../test/support/base/seededRandom.ts';
import { silentLogger } from '../../../test/support/base/silentLogger.ts';
import { createVirtualClock, type VirtualClock } from '../../../test/support/base/virtualClock.ts';
import {
  constantRandom,
  createTestCalls,
  failureOf,
  launchParams,
  runRequest,
} from '../../../test/support/cloud/ec2.ts';
import { createCloud } from '../cloud/state.ts';
import { startEc2 } from '../server.ts';
import type { Service } from './exchange.ts';
import { createFaults } from './faults.ts';
import { typedCalls } from './typedCalls.ts';

const TIMEOUT_MS = 15_000;
let clock: VirtualClock;
let service: Service;
let calls: Ec2Calls;

beforeEach(() => {
  clock = createVirtualClock();
  const random = seededRandom(1);
  const cloud = createCloud({
    clock,
    random,
    region: 'eu-central-1',
    timings: { visibilityLag: [0, 0], readLag: [0, 0] },
  });
  service = { cloud, faults: createFaults(cloud), closing: new AbortController().signal };
  const metrics = createEc2Metrics(new Registry());
  const buckets = createBuckets({ clock, random: constantRandom(), metrics });
  calls = typedCalls(
    service,
    createCaller({ timeoutMs: TIMEOUT_MS, buckets, clock, metrics, logger: silentLogger() }),
  );
});

const request = (clientToken: string, dryRun = false) =>
  runRequest({
    clientToken,
    dryRun,
    params: {
      ...launchParams,
      imageID: 'ami-0aaaaaaaaaaaaaaaa',
      subnetID: 'subnet-01111111111111111',
      securityGroupIDs: ['sg-01111111111111111'],
    },
  });

it('launches, shows and ends an instance through the operator’s port', async () => {
  const launched = await calls.runInstances(request('a'));
  expect(launched).toMatchObject({ state: 'pending', clientToken: 'a', zone: 'eu-central-1a' });
  expect(await calls.runInstances(request('a'))).toEqual(launched);
  await clock.advance(30_000);
  const filters = [{ name: 'client-token', values: ['a'] }];
  expect((await calls.describeInstances({ filters })).items).toMatchObject([
    { id: launched.id, state: 'running' },
  ]);
  await calls.terminateInstances([launched.id]);
  await clock.advance(30_000);
  const { items } = await calls.describeInstances({ ids: [launched.id] });
  expect(items).toMatchObject([
    { state: 'terminated', stateReason: expect.stringContaining('User initiated') },
  ]);
  expect(items[0]).not.toHaveProperty('privateIP');
});

it('resolves what classes name', async () => {
  const filters = [{ name: 'tag:workspaces', values: ['true'] }];
  expect((await calls.describeSubnets({ filters })).map((subnet) => subnet.zone)).toHaveLength(3);
  expect(await calls.describeSecurityGroups({ filters })).toMatchObject([{ id: 'sg-01111111111111111' }]);
  const image = await calls.getParameter('/workspaces/images/x86_64');
  expect(await calls.describeImages([image])).toMatchObject([{ architecture: 'x86_64', state: 'available' }]);
});

it('failures carry the classes that the SDK’s would', async () => {
  expect(await failureOf(calls.runInstances(request('a', true)))).toMatchObject({ class: 'dryRunOK' });
  expect(await failureOf(calls.getParameter('/nope'))).toMatchObject({ class: 'userFix' });
  expect(await failureOf(calls.describeInstances({ ids: ['i-0123456789abcdef0'] }))).toMatchObject({
    class: 'gone',
    code: 'InvalidInstanceID.NotFound',
  });
  service.faults.capacity({ type: '*', zone: '*', left: 0 });
  expect(await failureOf(calls.runInstances(request('a')))).toMatchObject({ class: 'capacity' });
  service.faults.add({ action: 'RunInstances', fault: { kind: 'error', code: 'InternalError' } });
  expect(await failureOf(calls.runInstances(request('a')))).toMatchObject({ class: 'ambiguous' });
  service.faults.add({ action: 'RunInstances', fault: { kind: 'lostRequest', how: 'reset' } });
  expect(await failureOf(calls.runInstances(request('a')))).toMatchObject({
    class: 'ambiguous',
    code: 'ECONNRESET',
  });
});

it('a hanging request ends at the time limit, and lands later', async () => {
  service.faults.add({ action: 'RunInstances', fault: { kind: 'late', how: 'hang', afterMs: 10_000 } });
  const failure = failureOf(calls.runInstances(request('a')));
  await clock.advance(TIMEOUT_MS);
  expect(await failure).toMatchObject({ class: 'ambiguous', code: 'ETIMEDOUT' });
  await clock.advance(9_999);
  expect(service.cloud.instances.size).toBe(0);
  await clock.advance(1);
  expect(service.cloud.instances.size).toBe(1);
});

it('what the guard refuses never reaches the cloud', async () => {
  const beforeSend = () => {
    throw new Error('the lease is not ours');
  };
  expect(await failureOf(calls.runInstances(request('a'), { beforeSend }))).toMatchObject({
    class: 'notSent',
  });
  expect(service.cloud.ledger.calls()).toEqual([]);
});

it('a storm waits at our own buckets, so that the cloud’s are never overrun', async () => {
  const storm = Promise.all(Array.from({ length: 20 }, (_, i) => calls.runInstances(request(`t${i}`))));
  await clock.advance(60_000);
  await storm;
  expect(service.cloud.ledger.provisions()).toHaveLength(20);
  expect(service.cloud.ledger.count('RunInstances', { outcome: 'RequestLimitExceeded' })).toBe(0);
});

it('answers what the SDK makes of the same cloud over HTTP', async () => {
  const server = await startEc2({
    clock,
    random: seededRandom(2),
    region: 'eu-central-1',
    timings: { visibilityLag: [0, 0], readLag: [0, 0] },
  });
  const sdk = createTestCalls({ clock, endpoint: server.url, ssmEndpoint: server.url });
  try {
    const overHttp = await story(sdk.calls, server.service);
    expect(await story(calls, service)).toEqual(overHttp);
  } finally {
    sdk.calls.close();
    await server.stop();
  }
});

/** One of everything that the port can ask for, with what came of it; ids as their place in the story. */
async function story(port: Ec2Calls, { cloud, faults }: Service): Promise<unknown> {
  const answers: unknown[] = [];
  const note = async (call: Promise<unknown>) =>
    answers.push(await call.catch(({ class: kind, code, message }: Ec2Failure) => ({ kind, code, message })));
  await note(port.runInstances(request('a', true)));
  await note(port.runInstances(request('a')));
  await note(port.runInstances({ ...request('a'), userData: 'other' }));
  await note(
    port.runInstances({ ...request('b'), params: { ...launchParams, imageID: 'ami-0cccccccccccccccc' } }),
  );
  const id = cloud.ledger.provisions()[0]?.instanceID ?? '';
  await note(port.describeInstances({ filters: [{ name: 'instance-state-name', values: ['pending'] }] }));
  await note(port.describeInstances({ ids: [id, 'i-0123456789abcdef0'] }));
  await note(port.describeInstances({ filters: [{ name: 'shoe-size', values: ['42'] }] }));
  await clock.advance(60_000);
  for (const check of ['instance', 'system'] as const) {
    faults.impair(id, check);
    await note(
      port.describeInstanceStatus({ filters: [{ name: `${check}-status.status`, values: ['impaired'] }] }),
    );
  }
  await note(port.describeInstanceStatus({ filters: [{ name: 'tag:a', values: ['b'] }] }));
  await note(port.describeSubnets({ filters: [{ name: 'tag:Name', values: ['workspaces-?'] }] }));
  await note(port.describeSubnets({ ids: ['subnet-09999999999999999'] }));
  await note(port.describeSecurityGroups({ ids: ['sg-01111111111111111'] }));
  await note(port.describeImages(['ami-0bbbbbbbbbbbbbbbb']));
  await note(port.describeImages(['ami-0cccccccccccccccc']));
  await note(port.getParameter('/workspaces/images/arm64'));
  await note(port.getParameter('/nope'));
  await note(port.getConsoleOutput(id));
  for (const code of [
    'RequestLimitExceeded',
    'InsufficientInstanceCapacity',
    'UnauthorizedOperation',
    'Unavailable',
  ]) {
    faults.add({ action: 'RunInstances', fault: { kind: 'error', code } });
    await note(port.runInstances(request(code)));
    await clock.advance(60_000);
  }
  await note(port.terminateInstances([id]));
  await clock.advance(60_000);
  await note(port.describeInstances({ ids: [id] }));
  answers.push(cloud.ledger.calls());
  const stamp = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/g;
  return JSON.parse(JSON.stringify(answers).replaceAll(id, 'THE-INSTANCE').replace(stamp, 'THEN'));
}
