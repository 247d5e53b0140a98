import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../../src/controller/lib/random.ts';
import { createVirtualClock, type VirtualClock } from '../../../test/support/base/virtualClock.ts';
import { terminateInstances } from '../actions/power.ts';
import { runInstances } from '../actions/run.ts';
import type { RunInput } from '../base/model.ts';
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
const power = (id: string) => ({ ids: [id], dryRun: false });

describe('client tokens', () => {
  const zones = ['subnet-01111111111111111', 'subnet-02222222222222222', undefined] as const;
  const request = fc.record({
    token: fc.constantFrom('a', 'b'),
    subnet: fc.constantFrom(...zones),
    type: fc.constantFrom('m7i.large', 'm7i.xlarge'),
    room: fc.boolean(),
    end: fc.boolean(),
    wait: fc.constantFrom(0, 10_000, 40_000),
  });

  it('one token, one scope, one instance, through refusals, replays, ends and waits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 30 }), async (requests) => {
        fresh();
        const bound = new Map<string, { id: string; type: string }>();
        for (const { token, subnet, type, room, end, wait } of requests) {
          faults.capacity({ type: '*', zone: '*', left: room ? Number.POSITIVE_INFINITY : 0 });
          const { subnetID: _given, ...rest } = launchInput();
          const input: RunInput = {
            ...rest,
            clientToken: token,
            instanceType: type,
            ...(subnet && { subnetID: subnet }),
          };
          // Region and zones are scopes of their own, even where a regional launch lands in the same zone.
          const scope = `${token} ${subnet}`;
          const before = bound.get(scope);
          const known = cloud.instances.size;
          let id: string | undefined;
          const code = codeOf(() => {
            id = runInstances(cloud, input).instance.id;
          });
          if (before === undefined) {
            expect(code).toBe(room ? 'ok' : 'InsufficientInstanceCapacity');
            expect(cloud.instances.size).toBe(room ? known + 1 : known);
            if (id !== undefined) bound.set(scope, { id, type });
          } else {
            expect(code).toBe(before.type === type ? 'ok' : 'IdempotentParameterMismatch');
            if (before.type === type) expect(id).toBe(before.id);
            expect(cloud.instances.size).toBe(known);
          }
          if (end && id !== undefined) terminateInstances(cloud, power(id));
          await clock.advance(wait);
        }
        expect(cloud.ledger.provisions()).toHaveLength(bound.size);
      }),
      { numRuns: 200 },
    );
  });

  it('any difference in any parameter is a mismatch', () => {
    const base = launchInput({ clientToken: 'a', subnetID: 'subnet-01111111111111111' });
    runInstances(cloud, base);
    const changes: Partial<RunInput>[] = [
      { userData: '#!/bin/sh\n\n' },
      { instanceTags: [...base.instanceTags, { key: 'k', value: 'v' }] },
      { volumeTags: [{ key: 'k', value: 'v' }] },
      { securityGroupIDs: [] },
      { instanceProfile: 'workspace' },
      { spot: true },
      { blockDevices: [{ deviceName: '/dev/xvda', size: 20 }] },
      { other: { EbsOptimized: 'true' } },
      { imageID: 'ami-0bbbbbbbbbbbbbbbb', instanceType: 'm7g.large' },
    ];
    for (const change of changes)
      expect(codeOf(() => runInstances(cloud, { ...base, ...change }))).toBe('IdempotentParameterMismatch');
    expect(codeOf(() => runInstances(cloud, { ...base }))).toBe('ok');
    expect(cloud.instances.size).toBe(1);
  });

  it('gives a terminated instance as terminated, until a day past its end; then the token is free', async () => {
    const { id } = run({ clientToken: 'a' });
    terminateInstances(cloud, power(id));
    await clock.advance(5_000);
    await clock.advance(86_400_000 - 1);
    expect(runInstances(cloud, launchInput({ clientToken: 'a' }))).toMatchObject({
      instance: { id },
      state: 'terminated',
    });
    await clock.advance(1);
    expect(run({ clientToken: 'a' }).id).not.toBe(id);
  });

  it('can refuse the token of a terminated instance, as EC2 has been seen to', async () => {
    fresh({ terminatedTokens: 'refused' });
    const { id } = run({ clientToken: 'a' });
    terminateInstances(cloud, power(id));
    expect(run({ clientToken: 'a' }).id).toBe(id);
    await clock.advance(60_000);
    expect(codeOf(() => run({ clientToken: 'a' }))).toBe('IdempotentInstanceTerminated');
  });

  it('a dry run neither binds a token nor takes one up', () => {
    expect(codeOf(() => run({ clientToken: 'a', dryRun: true }))).toBe('DryRunOperation');
    const { id } = run({ clientToken: 'a', userData: 'other' });
    expect(codeOf(() => run({ clientToken: 'a', dryRun: true }))).toBe('DryRunOperation');
    expect([...cloud.instances.keys()]).toEqual([id]);
  });

  it('without a token every request is another instance', () => {
    expect(run().id).not.toBe(run().id);
  });
});
