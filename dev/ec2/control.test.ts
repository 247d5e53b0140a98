import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { createVirtualClock, type VirtualClock } from '../../test/support/base/virtualClock.ts';
import { terminateInstances } from './actions/power.ts';
import { runInstances } from './actions/run.ts';
import { currentState } from './base/model.ts';
import type { InstanceRuntime, Machine } from './instances/runtime.ts';
import { type Ec2Server, startEc2 } from './server.ts';
import { launchInput } from './testing/launch.ts';

const timings = { pending: [20_000, 20_000], visibilityLag: [0, 0], readLag: [0, 0] } as const;
let clock: VirtualClock;
let calls: string[];
let machines: Machine[];
let started: Ec2Server[];

/** Records each call. */
function recordingRuntime(): InstanceRuntime {
  const record =
    (what: string) =>
    (...args: unknown[]) =>
      void calls.push([what, ...args].join(' '));
  return {
    controls: { silence: record('silence'), hold: record('hold'), crash: record('crash') },
    boot(machine: Machine) {
      machines.push(machine);
      calls.push(`boot ${machine.id} ${machine.boot}`);
    },
    shutDown: record('shutDown'),
    powerOff: record('powerOff'),
    discard: record('discard'),
    close: () => Promise.resolve(),
  };
}

async function start(stateFile?: string): Promise<Ec2Server> {
  const cloud = await startEc2({
    clock,
    random: systemRandom,
    region: 'eu-central-1',
    timings,
    instanceRuntime: recordingRuntime(),
    ...(stateFile !== undefined && { stateFile }),
  });
  started.push(cloud);
  return cloud;
}

beforeEach(() => {
  clock = createVirtualClock();
  calls = [];
  machines = [];
  started = [];
});
afterEach(stopAll);

async function stopAll(): Promise<void> {
  for (const cloud of started) await cloud.stop();
}

async function call(cloud: Ec2Server, method: string, path: string, body?: unknown) {
  const response = await fetch(`${cloud.url}/_control/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as unknown };
}

describe('the control endpoint', () => {
  it('answers how many instances were really launched, and for what', async () => {
    const cloud = await start();
    const { id } = runInstances(cloud.state, launchInput({ clientToken: 'a' })).instance;
    runInstances(cloud.state, launchInput({ clientToken: 'a' }));
    expect((await call(cloud, 'GET', 'provisions')).body).toEqual([
      {
        instanceID: id,
        clientToken: 'a',
        tags: { 'compute.molecule.ai/name': 'ada' },
        instanceType: 'm7i.large',
        zone: 'eu-central-1a',
        at: '2026-01-01T00:00:00.000Z',
      },
    ]);
    expect((await call(cloud, 'GET', 'counters')).body).toMatchObject({ provisions: 1, terminations: 0 });
    expect((await call(cloud, 'GET', 'instances')).body).toMatchObject([{ id, state: 'pending' }]);
  });

  it('takes faults and gives them back until they are met or removed', async () => {
    const cloud = await start();
    const fault = { kind: 'late', how: 'reset', afterMs: 10_000 };
    const added = await call(cloud, 'POST', 'faults', { action: 'RunInstances', fault, times: null });
    expect(added).toEqual({ status: 200, body: { id: 1 } });
    expect(cloud.faults.rules()).toMatchObject([
      { action: 'RunInstances', fault, left: Number.POSITIVE_INFINITY },
    ]);
    await call(cloud, 'DELETE', 'faults/1');
    expect(cloud.faults.rules()).toEqual([]);
  });

  it.each([
    ['an unknown kind', 'faults', { action: '*', fault: { kind: 'gremlins' } }],
    ['an unknown field', 'faults', { action: '*', fault: { kind: 'latency', ms: 1 }, often: true }],
    ['an instance that does not exist', 'instances/i-0/end', undefined],
  ])('refuses %s, with the reason', async (_, path, body) => {
    const cloud = await start();
    const answer = await call(cloud, 'POST', path, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toHaveProperty('error');
    expect(cloud.faults.rules()).toEqual([]);
  });

  it('says what it knows when asked for what it does not', async () => {
    const { status, body } = await call(await start(), 'GET', '');
    expect(status).toBe(404);
    expect(body).toMatchObject({ routes: expect.arrayContaining(['GET provisions']) });
  });

  it('has the routes that its documentation names', async () => {
    const { body } = await call(await start(), 'GET', '');
    const { routes } = z.object({ routes: z.array(z.string()) }).parse(body);
    const documents = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8');
    const cloud = documents.slice(documents.indexOf('## The cloud'), documents.indexOf('## The cluster'));
    const routesInDocs = [...cloud.matchAll(/`((?:GET|POST|DELETE) [^`]+)`/g)].map(([, route = '']) => route);
    const known = (route: string) => route.replace(/\/(:|ID|TARGET)/g, '/:');
    expect(routesInDocs.map(known).sort()).toEqual(routes.map(known).sort());
  });

  it('reaches instances, quotas and agents', async () => {
    const cloud = await start();
    const { instance } = runInstances(cloud.state, launchInput());
    await call(cloud, 'POST', 'freeze-pending', { on: true });
    await clock.advance(60_000);
    expect(currentState(instance)).toBe('pending');
    await call(cloud, 'POST', `instances/${instance.id}/impair`, { on: true });
    expect(instance.impaired).toBe('instance');
    await call(cloud, 'POST', `instances/${instance.id}/impair`, { on: true, check: 'system' });
    expect(instance.impaired).toBe('system');
    await call(cloud, 'POST', `instances/${instance.id}/impair`, { on: false });
    expect(instance.impaired).toBe(false);
    await call(cloud, 'POST', 'quota', { vcpus: 0 });
    await call(cloud, 'POST', 'quota', { buckets: { 'Spot/Standard': 4, 'OnDemand/P': null } });
    expect(cloud.state.account.quota).toEqual({
      vcpus: 0,
      spotVcpus: Number.POSITIVE_INFINITY,
      buckets: { 'Spot/Standard': 4, 'OnDemand/P': Number.POSITIVE_INFINITY },
      instances: Number.POSITIVE_INFINITY,
    });
    await call(cloud, 'POST', `instances/${instance.id}/end`);
    expect(currentState(instance)).toBe('shutting-down');
    calls.length = 0;
    await call(cloud, 'POST', 'agents/team%2Fada/silence', { on: true });
    await call(cloud, 'POST', 'agents/*/crash');
    expect(calls).toEqual(['silence team/ada true', 'crash *']);
  });
});

describe('the interruption of a Spot instance', () => {
  const spot = (cloud: Ec2Server) => runInstances(cloud.state, launchInput({ spot: true })).instance;

  it('is announced in its metadata, and two minutes later EC2 ends it, without a termination by anybody', async () => {
    const cloud = await start();
    const instance = spot(cloud);
    await clock.advance(20_000);
    expect(machines[0]).toMatchObject({ spot: true });
    expect(machines[0]?.interruption()).toBeUndefined();
    await call(cloud, 'POST', `instances/${instance.id}/interrupt`);
    await clock.advance(60_000);
    await call(cloud, 'POST', `instances/${instance.id}/interrupt`);
    expect(machines[0]?.interruption()).toEqual({ action: 'terminate', time: '2026-01-01T00:02:20Z' });
    await clock.advance(59_999);
    expect(currentState(instance)).toBe('running');
    await clock.advance(1);
    expect(currentState(instance)).toBe('shutting-down');
    expect(instance.stateReason?.code).toBe('Server.SpotInstanceTermination');
    await clock.advance(15_000);
    expect(currentState(instance)).toBe('terminated');
    expect(cloud.counters.terminations()).toEqual([]);
  });

  it('ends nothing that was ended before', async () => {
    const cloud = await start();
    const instance = spot(cloud);
    await clock.advance(20_000);
    cloud.faults.interrupt(instance.id);
    terminateInstances(cloud.state, { ids: [instance.id], dryRun: false });
    await clock.advance(300_000);
    expect(instance.stateReason?.code).toBe('Client.UserInitiatedShutdown');
    expect(instance.phases.map(({ state }) => state)).toEqual([
      'pending',
      'running',
      'shutting-down',
      'terminated',
    ]);
  });

  it('is of a running Spot instance only', async () => {
    const cloud = await start();
    const pending = spot(cloud);
    const onDemand = runInstances(cloud.state, launchInput()).instance;
    const interrupt = (id: string) => call(cloud, 'POST', `instances/${id}/interrupt`);
    expect(await interrupt(pending.id)).toMatchObject({ status: 400 });
    expect(await interrupt(onDemand.id)).toMatchObject({ status: 400 });
    await clock.advance(20_000);
    expect(await interrupt(onDemand.id)).toMatchObject({ status: 400 });
    expect(await interrupt(pending.id)).toMatchObject({ status: 200 });
  });
});

describe('what runs on instances', () => {
  it('receives each boot and end, in order', async () => {
    const cloud = await start();
    const { id } = runInstances(cloud.state, launchInput()).instance;
    await clock.advance(20_000);
    terminateInstances(cloud.state, { ids: [id], dryRun: false });
    await clock.advance(60_000);
    expect(calls).toEqual([`boot ${id} 1`, `shutDown ${id}`, `powerOff ${id}`, `discard ${id}`]);
  });
});

describe('a cloud kept in a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ec2-state-'));
  });
  afterEach(async () => {
    await stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it('comes back with its instances, tokens and identity; time went on, and what ran boots again', async () => {
    const file = join(folder, 'cloud', 'state.json');
    const first = await start(file);
    const running = runInstances(first.state, launchInput({ clientToken: 'a' })).instance.id;
    await clock.advance(15_000);
    const pending = runInstances(first.state, launchInput({ clientToken: 'b' })).instance.id;
    await clock.advance(10_000);
    await first.stop();
    calls.length = 0;

    const later = createVirtualClock({ now: clock.now() + 4_000, monotonic: 77 });
    clock = later;
    const second = await start(file);
    expect(second.identityCertificatePEM).toBe(first.identityCertificatePEM);
    expect(calls).toEqual([`boot ${running} 2`]);
    expect(runInstances(second.state, launchInput({ clientToken: 'b' })).instance.id).toBe(pending);
    await clock.advance(5_999);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(calls).toEqual([`boot ${running} 2`, `boot ${pending} 1`]);
  });

  it('goes on with an interruption that was announced, its time and reason', async () => {
    const file = join(folder, 'state.json');
    const first = await start(file);
    const { id } = runInstances(first.state, launchInput({ spot: true })).instance;
    await clock.advance(20_000);
    first.faults.interrupt(id);
    await clock.advance(60_000);
    await first.stop();

    clock = createVirtualClock({ now: clock.now() + 10_000, monotonic: 5 });
    const second = await start(file);
    const instance = second.state.instances.get(id);
    if (instance === undefined) throw new Error('the instance is missing');
    await clock.advance(49_999);
    expect(currentState(instance)).toBe('running');
    await clock.advance(1);
    expect(currentState(instance)).toBe('shutting-down');
    expect(instance.stateReason?.code).toBe('Server.SpotInstanceTermination');
  });

  it('is written soon after a change, not only at the end', async () => {
    const file = join(folder, 'state.json');
    const first = await start(file);
    const { id } = runInstances(first.state, launchInput()).instance;
    await clock.advance(1_000);
    const second = await start(file);
    expect([...second.state.instances.keys()]).toEqual([id]);
  });

  it('is not read when another version wrote it', async () => {
    const file = join(folder, 'state.json');
    writeFileSync(file, JSON.stringify({ version: 0 }));
    await expect(start(file)).rejects.toThrow(/delete it to begin again/);
  });
});
