import { beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../../src/controller/lib/random.ts';
import { createVirtualClock, type VirtualClock } from '../../../test/support/base/virtualClock.ts';
import { type DescribeInput, describeInstances } from '../actions/describe.ts';
import { startInstances, stopInstances, terminateInstances } from '../actions/power.ts';
import { runInstances } from '../actions/run.ts';
import { currentState, type RunInput } from '../base/model.ts';
import { createFaults, type Faults } from '../exchange/faults.ts';
import { codeOf } from '../testing/codeOf.ts';
import { launchInput } from '../testing/launch.ts';
import { type Cloud, type CloudOptions, createCloud } from './state.ts';

let clock: VirtualClock;
let cloud: Cloud;
let faults: Faults;

function fresh(options: Partial<CloudOptions> = {}): void {
  clock = createVirtualClock();
  cloud = createCloud({
    clock,
    random: systemRandom,
    region: 'eu-central-1',
    timings: {
      pending: [20_000, 20_000],
      shuttingDown: [5_000, 5_000],
      stopping: [5_000, 5_000],
      visibilityLag: [0, 0],
      readLag: [0, 0],
    },
    ...options,
  });
  faults = createFaults(cloud);
}
beforeEach(() => fresh());

const run = (overrides: Partial<RunInput> = {}) => runInstances(cloud, launchInput(overrides)).instance;
const list = (input: Partial<DescribeInput> = {}) =>
  describeInstances(cloud, { ids: [], filters: [], ...input }).items.map((view) => [
    view.instance.id,
    view.state,
  ]);
const power = (id: string) => ({ ids: [id], dryRun: false });

describe('the life of an instance', () => {
  it('is pending for its while, runs until ended, shuts down, stays visible as terminated, and vanishes', async () => {
    const { id } = run();
    await clock.advance(19_999);
    expect(list()).toEqual([[id, 'pending']]);
    await clock.advance(1);
    expect(list()).toEqual([[id, 'running']]);
    await clock.advance(86_400_000);
    terminateInstances(cloud, power(id));
    expect(list()).toEqual([[id, 'shutting-down']]);
    await clock.advance(5_000);
    expect(list()).toEqual([[id, 'terminated']]);
    await clock.advance(3_600_000 - 1);
    expect(list()).toEqual([[id, 'terminated']]);
    await clock.advance(1);
    expect(list()).toEqual([]);
    expect(codeOf(() => list({ ids: [id] }))).toBe('InvalidInstanceID.NotFound');
  });

  it('ends from pending without ever running', async () => {
    const states: string[] = [];
    cloud.lifecycle.subscribe((_, state) => states.push(state));
    const { id } = run();
    terminateInstances(cloud, power(id));
    await clock.advance(60_000);
    expect(states).toEqual(['pending', 'shutting-down', 'terminated']);
  });

  it('stops only from running, starts only from stopped, and both again change nothing', async () => {
    const { id } = run();
    expect(codeOf(() => stopInstances(cloud, power(id)))).toBe('IncorrectInstanceState');
    await clock.advance(20_000);
    stopInstances(cloud, power(id));
    expect(codeOf(() => startInstances(cloud, power(id)))).toBe('IncorrectInstanceState');
    await clock.advance(4_000);
    stopInstances(cloud, power(id));
    await clock.advance(1_000);
    expect(list()).toEqual([[id, 'stopped']]);
    expect(stopInstances(cloud, power(id))).toEqual([{ id, previous: 'stopped', current: 'stopped' }]);
    startInstances(cloud, power(id));
    await clock.advance(20_000);
    expect(list()).toEqual([[id, 'running']]);
    expect(cloud.instances.get(id)?.boots).toBe(2);
    expect(startInstances(cloud, power(id))).toEqual([{ id, previous: 'running', current: 'running' }]);
  });

  it('has no Stop on Spot', async () => {
    const { id } = run({ spot: true });
    await clock.advance(20_000);
    expect(codeOf(() => stopInstances(cloud, power(id)))).toBe('UnsupportedOperation');
  });

  it('needs capacity to start again', async () => {
    const { id, zone, type } = run();
    await clock.advance(20_000);
    stopInstances(cloud, power(id));
    await clock.advance(5_000);
    faults.capacity({ type, zone, left: 0 });
    expect(codeOf(() => startInstances(cloud, power(id)))).toBe('InsufficientInstanceCapacity');
    expect(list()).toEqual([[id, 'stopped']]);
  });

  it('ends all or, when one of them does not exist, none', () => {
    const { id } = run();
    const ids = [id, 'i-0123456789abcdef0', 'i-0123456789abcdef1'];
    expect(() => terminateInstances(cloud, { ids, dryRun: false })).toThrow(
      "The instance IDs 'i-0123456789abcdef0, i-0123456789abcdef1' do not exist",
    );
    expect(list()).toEqual([[id, 'pending']]);
  });

  it('is booked as one termination however often it is ended', async () => {
    const { id } = run();
    terminateInstances(cloud, power(id));
    terminateInstances(cloud, power(id));
    await clock.advance(5_000);
    terminateInstances(cloud, power(id));
    expect(cloud.ledger.terminations().map((t) => t.instanceID)).toEqual([id]);
  });

  it('can end on its own, with a reason and without a termination', async () => {
    const { id } = run();
    faults.end(id, {
      code: 'Server.SpotInstanceTermination',
      message: 'Server.SpotInstanceTermination: gone',
    });
    await clock.advance(5_000);
    expect(list()).toEqual([[id, 'terminated']]);
    expect(cloud.instances.get(id)?.stateReason?.code).toBe('Server.SpotInstanceTermination');
    expect(cloud.ledger.terminations()).toEqual([]);
  });
});

describe('what can be seen', () => {
  it('a new instance is NotFound until its lag has passed, to effects too, while its token already gives it', async () => {
    fresh({ timings: { visibilityLag: [1_000, 1_000], pending: [20_000, 20_000], readLag: [0, 0] } });
    const { id } = run({ clientToken: 'a' });
    expect(list()).toEqual([]);
    expect(codeOf(() => list({ ids: [id] }))).toBe('InvalidInstanceID.NotFound');
    expect(codeOf(() => terminateInstances(cloud, power(id)))).toBe('InvalidInstanceID.NotFound');
    expect(run({ clientToken: 'a' }).id).toBe(id);
    await clock.advance(1_000);
    expect(list({ ids: [id] })).toEqual([[id, 'pending']]);
  });

  it('reads lag behind the truth by no more than they may', async () => {
    fresh({ timings: { visibilityLag: [0, 0], pending: [20_000, 20_000], readLag: [500, 500] } });
    const { id } = run();
    await clock.advance(20_499);
    expect(currentState(run({ clientToken: 'other' }))).toBe('pending');
    expect(list({ ids: [id] })).toEqual([[id, 'pending']]);
    await clock.advance(1);
    expect(list({ ids: [id] })).toEqual([[id, 'running']]);
  });

  it('a hidden instance is back after its while, and was there for effects', async () => {
    const { id } = run();
    faults.hide(id, 10_000);
    expect(list()).toEqual([]);
    expect(codeOf(() => list({ ids: [id] }))).toBe('InvalidInstanceID.NotFound');
    expect(codeOf(() => terminateInstances(cloud, power(id)))).toBe('ok');
    await clock.advance(10_000);
    expect(list()).toEqual([[id, 'terminated']]);
  });

  it('pending lasts while frozen, and what is overdue passes when thawed', async () => {
    const { id } = run();
    faults.freezePending(true);
    await clock.advance(600_000);
    expect(list()).toEqual([[id, 'pending']]);
    faults.freezePending(false);
    await clock.settle();
    await clock.advance(0);
    expect(list()).toEqual([[id, 'running']]);
  });

  it('a frozen instance can still be ended', async () => {
    const { id } = run();
    faults.freezePending(true);
    await clock.advance(60_000);
    terminateInstances(cloud, power(id));
    await clock.advance(5_000);
    faults.freezePending(false);
    await clock.advance(60_000);
    expect(list()).toEqual([[id, 'terminated']]);
  });
});

describe('room', () => {
  it('capacity runs out by type and zone, and only there', () => {
    const zone = 'eu-central-1a';
    faults.capacity({ type: 'm7i.large', zone, left: 1 });
    run({ clientToken: 'a' });
    expect(codeOf(() => run({ clientToken: 'b' }))).toBe('InsufficientInstanceCapacity');
    expect(codeOf(() => run({ clientToken: 'a' }))).toBe('ok');
    expect(codeOf(() => run({ instanceType: 'm7i.xlarge' }))).toBe('ok');
    expect(codeOf(() => run({ subnetID: 'subnet-02222222222222222' }))).toBe('ok');
    faults.capacity({ type: '*', zone, left: 'unsupported' });
    expect(codeOf(() => run({ instanceType: 'm7i.xlarge' }))).toBe('Unsupported');
    faults.clear();
    expect(codeOf(() => run({ clientToken: 'b' }))).toBe('ok');
  });

  it('Spot’s room differs from On-Demand’s', () => {
    faults.capacity({ type: '*', zone: '*', capacityType: 'Spot', left: 0 });
    expect(codeOf(() => run({ spot: true }))).toBe('InsufficientInstanceCapacity');
    expect(codeOf(() => run())).toBe('ok');
    faults.capacity({ type: '*', zone: '*', left: 0 });
    expect(codeOf(() => run())).toBe('InsufficientInstanceCapacity');
    faults.capacity({ type: '*', zone: '*', left: Number.POSITIVE_INFINITY });
    expect(codeOf(() => run({ spot: true }))).toBe('InsufficientInstanceCapacity');
    expect(codeOf(() => run())).toBe('ok');
  });

  it('quotas count what is live', async () => {
    cloud.account.quota.vcpus = 4;
    const { id } = run();
    run();
    expect(codeOf(() => run())).toBe('VcpuLimitExceeded');
    expect(codeOf(() => run({ spot: true }))).toBe('ok');
    terminateInstances(cloud, power(id));
    expect(codeOf(() => run())).toBe('ok');
    cloud.account.quota.instances = 3;
    expect(codeOf(() => run())).toBe('InstanceLimitExceeded');
  });

  it('each bucket of families has a quota of its own, one for Spot and one for On-Demand', () => {
    cloud.account.quota.buckets = { 'Spot/Standard': 2, 'OnDemand/Standard': 6 };
    expect(codeOf(() => run({ spot: true, instanceType: 'm7i.xlarge' }))).toBe(
      'MaxSpotInstanceCountExceeded',
    );
    expect(codeOf(() => run({ spot: true }))).toBe('ok');
    expect(codeOf(() => run({ spot: true, instanceType: 'r7i.large' }))).toBe('MaxSpotInstanceCountExceeded');
    expect(codeOf(() => run({ spot: true, instanceType: 'g6.xlarge' }))).toBe('ok');
    expect(codeOf(() => run({ instanceType: 'm7i.xlarge' }))).toBe('ok');
    expect(codeOf(() => run({ instanceType: 'c7i.xlarge' }))).toBe('VcpuLimitExceeded');
    expect(codeOf(() => run({ instanceType: 'c7i.large' }))).toBe('ok');
    expect(codeOf(() => run({ instanceType: 'p5.48xlarge' }))).toBe('ok');
  });

  it('an address is in use until its instance is terminated, and then free again', async () => {
    const first = run();
    const second = run();
    expect(second.privateIP).not.toBe(first.privateIP);
    terminateInstances(cloud, power(first.id));
    expect(run().privateIP).not.toBe(first.privateIP);
    await clock.advance(5_000);
    expect(run().privateIP).toBe(first.privateIP);
  });

  it('a full subnet says so, and another one still has room', () => {
    const input = launchInput();
    cloud.account.quota.vcpus = Number.POSITIVE_INFINITY;
    const first = run();
    // Each launch looks at all that are there, which four thousand launches would do for seconds.
    for (let host = first.host + 1; host < first.host + 4_090; host += 1)
      cloud.instances.set(`i-${host}`, { ...first, id: `i-${host}`, host });
    expect(run().host).toBe(first.host + 4_090);
    expect(codeOf(() => runInstances(cloud, input))).toBe('InsufficientFreeAddressesInSubnet');
    expect(codeOf(() => run({ subnetID: 'subnet-02222222222222222' }))).toBe('ok');
  });

  it('ids differ with any randomness', () => {
    fresh({ random: { next: () => 0.5, bytes: (length) => Buffer.alloc(length, 7) } });
    expect(run().id).not.toBe(run().id);
  });
});
