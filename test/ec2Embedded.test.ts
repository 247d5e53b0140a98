import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ec2Server, startEc2 } from '../dev/ec2/server.ts';
import type { LaunchParams } from '../src/api/kinds/workspace.ts';
import { systemRandom } from '../src/controller/lib/random.ts';
import { createEc2Metrics } from '../src/ec2/calls/metrics.ts';
import { createObserver, type Observer } from '../src/ec2/observe/observer.ts';
import { createResolver } from '../src/ec2/resolve/resolve.ts';
import type { ResolvableSpec } from '../src/ec2/resolve/terms.ts';
import { createVirtualClock, type VirtualClock } from './support/base/virtualClock.ts';
import {
  createTestCalls,
  failureOf,
  runRequest,
  silent,
  launchParams as template,
} from './support/cloud/ec2.ts';

const spec: ResolvableSpec = {
  images: [{ architecture: 'x86_64', ssmParameter: '/workspaces/images/x86_64' }],
  subnets: [{ tags: { workspaces: '*' } }],
  securityGroups: [{ tags: { workspaces: 'true' } }],
};

let clock: VirtualClock;
let cloud: Ec2Server;
let calls: ReturnType<typeof createTestCalls>['calls'];
let observer: Observer;

beforeEach(async () => {
  clock = createVirtualClock();
  const timings = { visibilityLag: [0, 0], readLag: [0, 0] } as const;
  cloud = await startEc2({ clock, random: systemRandom, region: 'eu-central-1', timings });
  ({ calls } = createTestCalls({ clock, endpoint: cloud.url, ssmEndpoint: cloud.url }));
  observer = createObserver({
    calls,
    clusterID: 'cluster-1',
    clock,
    random: systemRandom,
    logger: silent,
    metrics: createEc2Metrics(new Registry()),
    onChange: () => undefined,
  });
});
afterEach(async () => {
  calls.close();
  await cloud.stop();
});

async function resolvedParams(): Promise<LaunchParams> {
  const resolution = await createResolver({ calls, clock }).resolve(spec);
  if (!resolution.ok) throw new Error(resolution.message);
  const [image] = resolution.images;
  const [subnet] = resolution.subnets;
  if (!image || !subnet) throw new Error('nothing resolved');
  return {
    ...template,
    imageID: image.id,
    subnetID: subnet.id,
    zone: subnet.zone,
    securityGroupIDs: [...resolution.securityGroupIDs],
  };
}

const stateOf = (id: string) => observer.get(id)?.state;

describe('against the embedded EC2, over HTTP', () => {
  it('a class resolves, launches, is observed to run and to end', async () => {
    const launched = await calls.runInstances(runRequest({ params: await resolvedParams() }));
    observer.note(launched);
    expect(observer.ofWorkspace('uid-1')).toMatchObject([{ id: launched.id, state: 'pending' }]);
    await clock.advance(30_000);
    await observer.sweepNow();
    expect(observer.get(launched.id)).toMatchObject({
      state: 'running',
      clientToken: 'token-1',
      missing: false,
      tags: { 'compute.molecule.ai/uid': 'uid-1' },
    });
    await calls.terminateInstances([launched.id]);
    await observer.sweepNow();
    expect(stateOf(launched.id)).toBe('shutting-down');
    await clock.advance(15_000);
    await observer.sweepNow();
    expect(stateOf(launched.id)).toBe('terminated');
  });

  it('a launch whose answer was lost is replayed into the same one instance', async () => {
    const request = runRequest({ params: await resolvedParams() });
    cloud.faults.add({ action: 'RunInstances', fault: { kind: 'lostResponse', how: 'reset' } });
    expect((await failureOf(calls.runInstances(request))).class).toBe('ambiguous');
    const found = await calls.runInstances(request);
    await observer.sweepNow();
    expect(observer.all().map(({ id }) => id)).toEqual([found.id]);
    const changed = { ...request, userData: `${request.userData}# more\n` };
    expect((await failureOf(calls.runInstances(changed))).class).toBe('mismatch');
  });

  it('a dry run spends nothing and says yes', async () => {
    const request = runRequest({ params: await resolvedParams(), dryRun: true });
    expect((await failureOf(calls.runInstances(request))).class).toBe('dryRunOK');
    await observer.sweepNow();
    expect(observer.all()).toEqual([]);
  });

  it('look-ups by id find one instance and prove the absence of the other in one call', async () => {
    const launched = await calls.runInstances(runRequest({ params: await resolvedParams() }));
    observer.follow('uid-1', [launched.id]);
    observer.follow('uid-2', ['i-0ffffffffffffffff']);
    await clock.advance(30_000);
    observer.start();
    await expect
      .poll(() => observer.notFound('i-0ffffffffffffffff'))
      .toEqual({ firstAt: 30_000, lastAt: 30_000 });
    expect(observer.get(launched.id)).toMatchObject({ state: 'running', missing: false });
    expect(observer.notFound(launched.id)).toBeUndefined();
    await observer.stop();
  });
});
