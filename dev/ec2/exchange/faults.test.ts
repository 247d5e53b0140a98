import { EC2Client, RunInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { systemRandom } from '../../../src/controller/lib/random.ts';
import { createVirtualClock, type VirtualClock } from '../../../test/support/base/virtualClock.ts';
import { type Ec2Server, startEc2 } from '../server.ts';

const TIMEOUT_MS = 300;
let clock: VirtualClock;
let cloud: Ec2Server;
let ec2: EC2Client;

beforeEach(async () => {
  clock = createVirtualClock();
  cloud = await startEc2({
    clock,
    random: systemRandom,
    region: 'eu-central-1',
    timings: { visibilityLag: [0, 0], readLag: [0, 0] },
  });
  ec2 = new EC2Client({
    region: 'eu-central-1',
    endpoint: cloud.url,
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
    maxAttempts: 1,
    requestHandler: { requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true },
  });
});

afterEach(async () => {
  ec2.destroy();
  await cloud.stop();
});

const launch = (token = 'token', dryRun = false) =>
  ec2.send(
    new RunInstancesCommand({
      MinCount: 1,
      MaxCount: 1,
      ImageId: 'ami-0aaaaaaaaaaaaaaaa',
      InstanceType: 'm7i.large',
      SubnetId: 'subnet-01111111111111111',
      ClientToken: token,
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'name', Value: token }] }],
      ...(dryRun && { DryRun: true }),
    }),
  );
const idOf = (answer: { Instances?: { InstanceId?: string }[] }) => answer.Instances?.[0]?.InstanceId;

/** Virtual time goes on only once the server has seen the client leave. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => systemClock.setTimeout(() => resolve(undefined), 5));
}

it.each(['reset', 'hang'] as const)('a request lost by %s never happens', async (how) => {
  cloud.faults.add({ action: 'RunInstances', fault: { kind: 'lostRequest', how } });
  await expect(launch()).rejects.toThrow();
  await clock.advance(3_600_000);
  expect(cloud.state.instances.size).toBe(0);
  expect(cloud.counters.count('RunInstances', { outcome: 'lost', answered: false })).toBe(1);
  expect(idOf(await launch())).toBeDefined();
});

it.each(['reset', 'hang'] as const)(
  'an answer lost by %s leaves an instance, which the replay gives',
  async (how) => {
    cloud.faults.add({ action: 'RunInstances', fault: { kind: 'lostResponse', how } });
    await expect(launch()).rejects.toThrow();
    expect(idOf(await launch())).toBe(cloud.counters.provisions()[0]?.instanceID);
    expect(cloud.counters.provisions()).toHaveLength(1);
    expect(cloud.counters.count('RunInstances', { outcome: 'ok', answered: false })).toBe(1);
  },
);

it('a request that hangs lands after its caller gave up, and not before', async () => {
  cloud.faults.add({ action: 'RunInstances', fault: { kind: 'late', how: 'hang', afterMs: 10_000 } });
  const lost = launch();
  await clock.advance(60_000);
  expect(cloud.state.instances.size).toBe(0);
  await expect(lost).rejects.toThrow();
  const before = clock.pending();
  await until(() => clock.pending() > before);
  await clock.advance(9_999);
  expect(cloud.state.instances.size).toBe(0);
  await clock.advance(1);
  expect(cloud.state.instances.size).toBe(1);
  expect(idOf(await launch())).toBe(cloud.counters.provisions()[0]?.instanceID);
});

it('a late request finds its token bound by the replay that overtook it', async () => {
  cloud.faults.add({ action: 'RunInstances', fault: { kind: 'late', how: 'reset', afterMs: 10_000 } });
  await expect(launch()).rejects.toThrow();
  await launch();
  await clock.advance(10_000);
  expect(cloud.counters.count('RunInstances', { outcome: 'ok' })).toBe(2);
  expect(cloud.counters.provisions()).toHaveLength(1);
});

it('a delayed answer is of what happened at once', async () => {
  cloud.faults.add({ action: 'RunInstances', fault: { kind: 'delayedAnswer', ms: 100 } });
  const answer = launch();
  await until(() => cloud.state.instances.size === 1 && clock.pending() > 1);
  await clock.advance(100);
  expect(idOf(await answer)).toBeDefined();
});

it('latency comes before, and joins with another fault', async () => {
  cloud.faults.add({ action: '*', fault: { kind: 'latency', ms: 100 } });
  cloud.faults.add({ action: 'RunInstances', fault: { kind: 'error', code: 'InternalError' } });
  const refused = expect(launch()).rejects.toMatchObject({
    name: 'InternalError',
    $metadata: { httpStatusCode: 500 },
  });
  await until(() => clock.pending() === 1);
  expect(cloud.counters.count('RunInstances')).toBe(0);
  await clock.advance(100);
  await refused;
  expect(cloud.faults.rules()).toEqual([]);
});

it('an error comes as often as asked for, to the calls it is meant for', async () => {
  cloud.faults.add({
    action: 'RunInstances',
    fault: { kind: 'error', code: 'UnauthorizedOperation' },
    times: 2,
    match: { 'tag:name': 'mine' },
  });
  await launch('other');
  await expect(launch('mine', true)).rejects.toMatchObject({ name: 'DryRunOperation' });
  await expect(launch('mine')).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
  await expect(launch('mine')).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
  await launch('mine');
  expect(cloud.counters.provisions()).toHaveLength(2);
  expect(cloud.counters.count('RunInstances', { dryRun: true, outcome: 'DryRunOperation' })).toBe(1);
  expect(cloud.counters.count('RunInstances')).toBe(4);
});

it('the bucket of RunInstances holds five and refills with two a second', async () => {
  const burst = async (count: number) => {
    const answers = await Promise.allSettled(
      Array.from({ length: count }, (_, i) => launch(`t${clock.now()}${i}`)),
    );
    return answers.map((a) => (a.status === 'fulfilled' ? 'ok' : (a.reason as Error).name)).sort();
  };
  const limited = 'RequestLimitExceeded';
  expect(await burst(7)).toEqual([limited, limited, 'ok', 'ok', 'ok', 'ok', 'ok']);
  await clock.advance(1_000);
  expect(await burst(3)).toEqual([limited, 'ok', 'ok']);
});

it('stopping the cloud ends what hangs, and nothing lands afterwards', async () => {
  cloud.faults.add({ action: 'RunInstances', fault: { kind: 'late', how: 'reset', afterMs: 1_000 } });
  cloud.faults.add({ action: 'TerminateInstances', fault: { kind: 'lostRequest', how: 'hang' } });
  await expect(launch()).rejects.toThrow();
  const hanging = expect(
    ec2.send(new TerminateInstancesCommand({ InstanceIds: ['i-01234567890abcdef'] })),
  ).rejects.toThrow();
  await until(() => cloud.counters.count('TerminateInstances') === 1);
  await cloud.stop();
  await hanging;
  await clock.advance(10_000);
  expect(cloud.state.instances.size).toBe(0);
  expect(clock.pending()).toBe(0);
});
