import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { LaunchParams, WorkspaceStatus } from '../../src/api/kinds/workspace.ts';
import { ec2Failure } from '../../src/ec2/calls/errors.ts';
import { keysWith } from '../support/workspace/keys.ts';
import { signed } from '../support/workspace/signed.ts';
import { createBench } from './bench.ts';

const MINUTE = 60_000;
type Bench = Awaited<ReturnType<typeof createBench>>;

/** A launch that was armed and sent once, and whose answer was lost; `appear` has EC2 show what came of it. */
async function inDoubt() {
  const bench = await createBench();
  await bench.createClass();
  await bench.createWorkspace();
  const { runInstances } = bench.calls;
  bench.calls.runInstances = async (request, { beforeSend } = {}) => {
    beforeSend?.();
    bench.runs.push(request);
    throw ec2Failure({ class: 'ambiguous', code: 'ECONNRESET', action: 'RunInstances', detail: '' });
  };
  await bench.settle();
  bench.calls.runInstances = runInstances;
  expect(bench.runs).toHaveLength(1);
  const [request] = bench.runs.splice(0);
  const appear = () => {
    const tags = Object.fromEntries(request?.params.tags.map(({ key, value }) => [key, value]) ?? []);
    bench.put('i-1', { state: 'pending', clientToken: request?.clientToken, tags });
  };
  return { bench, appear };
}

async function launchOf(bench: Bench) {
  return (await bench.workspace()).status?.launch;
}

/** Writes the status as somebody with the right to does. */
function write(bench: Bench, status: unknown): Promise<unknown> {
  const target = { name: 'ada', namespace: 'default', subresource: 'status' as const };
  return bench.stage.mergePatch(
    { group: 'compute.molecule.ai', version: 'v1alpha1', plural: 'workspaces', namespaced: true },
    target,
    { status },
  );
}

/** Lets time pass, with a sweep and passes each minute. */
async function minutes(bench: Bench, count: number): Promise<void> {
  for (let minute = 0; minute < count; minute += 1) {
    await bench.clock.advance(MINUTE);
    await bench.settle();
  }
}

const EVIL: [string, (params: LaunchParams) => Partial<LaunchParams>][] = [
  ['an image', () => ({ imageID: 'ami-evil' })],
  ['a type', () => ({ instanceType: 'p5.48xlarge' })],
  ['an instance profile', () => ({ instanceProfile: 'administrator' })],
  ['a subnet', () => ({ subnetID: 'subnet-evil' })],
  ['security groups', () => ({ securityGroupIDs: ['sg-evil'] })],
  ['a public address', () => ({ publicIPAddress: true })],
  ['a gateway', ({ userData }) => ({ userData: { ...userData, gatewayURL: 'https://evil.example' } })],
  ['a script', ({ userData }) => ({ userData: { ...userData, classDigest: 'a'.repeat(64) } })],
];

describe('who may write statuses can have nothing launched but what class and Workspace say', () => {
  test.each(EVIL)(
    'not %s of their choice, with the MAC that stands there or without',
    async (_what, change) => {
      for (const mac of ['kept', null]) {
        const { bench } = await inDoubt();
        const launch = await launchOf(bench);
        if (!launch?.params) throw new Error('it has parameters');
        const given = { ...launch.params, ...change(launch.params) };
        await write(bench, { launch: { ...launch, params: mac === null ? { ...given, mac } : given } });
        await minutes(bench, 6);
        expect(bench.runs).toEqual([]);
        await minutes(bench, 4);
        expect(bench.runs.map(({ params }) => chosen(params))).toEqual([chosen(launch.params)]);
        expect(await launchOf(bench)).toMatchObject({ number: 2, instanceID: 'i-1' });
      }
    },
  );

  test.each<[string, (launch: Launch) => Partial<Launch>]>([
    ['another number', ({ number }) => ({ number: number + 1 })],
    [
      'a younger time, so that it never grows too old',
      ({ submittedAt }) => ({ submittedAt: later(submittedAt) }),
    ],
  ])('nor what was armed once, under %s', async (_what, change) => {
    const { bench } = await inDoubt();
    const launch = await launchOf(bench);
    if (!launch) throw new Error('it has a launch');
    await write(bench, { launch: { ...launch, ...change(launch) } });
    await minutes(bench, 6);
    expect(bench.runs).toEqual([]);
  });

  test('parameters that were armed for another Workspace are not sent', async () => {
    const { bench } = await inDoubt();
    const mine = await bench.workspace();
    const theirs = signed(bench.deps, { ...mine, metadata: { ...mine.metadata, uid: 'another' } });
    await write(bench, { launch: theirs.status?.launch });
    await minutes(bench, 6);
    expect(bench.runs).toEqual([]);
  });
});

describe('a launch in doubt that can’t be verified is neither stranded nor made twice', () => {
  const causes: [string, (bench: Bench) => Promise<void> | void][] = [
    ['an earlier release armed it', (bench) => void write(bench, { launch: { params: { mac: null } } })],
    [
      'its key is lost',
      (bench) => void Object.assign(bench.deps, { launchKeys: keysWith(['k1'], () => randomBytes(32)) }),
    ],
    [
      'its MAC names a key of another cluster',
      (bench) => void write(bench, { launch: { params: { mac: `m1.k9.${'A'.repeat(43)}` } } }),
    ],
    [
      'its MAC is of an encoding that this release does not have',
      (bench) => void write(bench, { launch: { params: { mac: `m2.k1.${'A'.repeat(43)}` } } }),
    ],
  ];

  test.each(causes)('%s: its instance is adopted as soon as EC2 shows it', async (_why, happen) => {
    const { bench, appear } = await inDoubt();
    await happen(bench);
    await minutes(bench, 2);
    appear();
    await minutes(bench, 1);
    expect(await launchOf(bench)).toMatchObject({ number: 1, instanceID: 'i-1' });
    expect(bench.runs).toEqual([]);
    expect((await bench.workspace()).status?.provisions).toBe(1);
  });

  test.each(causes)(
    '%s: without an instance it is given up after T_late and T_vis, and one follows',
    async (_why, happen) => {
      const { bench } = await inDoubt();
      await happen(bench);
      await minutes(bench, 6);
      expect(await launchOf(bench)).toMatchObject({ number: 1 });
      expect((await bench.condition('Ready')).message).toContain('looked up in EC2 and not sent again');
      expect((await launchOf(bench))?.ended).toBeUndefined();
      await minutes(bench, 4);
      expect(bench.runs).toHaveLength(1);
      expect(await launchOf(bench)).toMatchObject({ number: 2, instanceID: 'i-1' });
    },
  );

  test.each(causes)(
    '%s: a deletion waits for the same look, and ends what it shows',
    async (_why, happen) => {
      const { bench, appear } = await inDoubt();
      await happen(bench);
      await bench.deleteWorkspace();
      await minutes(bench, 2);
      appear();
      await minutes(bench, 1);
      expect(bench.terminated).toEqual([['i-1']]);
      expect(bench.runs).toEqual([]);
    },
  );
});

test('a launch of ours in doubt is sent again, with the very bytes, also where its key was rotated meanwhile', async () => {
  const { bench } = await inDoubt();
  const launch = await launchOf(bench);
  const { launchKeys } = bench.deps;
  const newer = keysWith(['k2'], () => randomBytes(32));
  const rotated = {
    current: newer.current,
    get: (...[kind, id]: Parameters<typeof launchKeys.get>) =>
      launchKeys.get(kind, id) ?? newer.get(kind, id),
  };
  Object.assign(bench.deps, { launchKeys: rotated });
  await minutes(bench, 1);
  expect(bench.runs).toMatchObject([{ params: launch?.params }]);
});

/** What a class and a Workspace decide. */
function chosen({ mac: _m, tags: _t, request: _r, ...params }: LaunchParams) {
  return params;
}

type Launch = NonNullable<WorkspaceStatus['launch']>;

function later(stamp: string | undefined): string {
  return new Date(Date.parse(stamp ?? '') + 3 * MINUTE).toISOString();
}
