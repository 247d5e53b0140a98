import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { decideAt } from '../../../test/support/workspace/decisions.ts';
import { factsOf, launchOf, statusOf } from '../../../test/support/workspace/facts.ts';
import { keysWith } from '../../../test/support/workspace/keys.ts';
import { signed } from '../../../test/support/workspace/signed.ts';
import type { Workspace } from '../../api/kinds/workspace.ts';
import { createStore } from '../../controller/cache/store.ts';
import { withMacs } from './observe/authenticity.ts';
import { createRefusals } from './refusals.ts';

const keys = keysWith(['k1'], () => randomBytes(32));
const deps = { clusterID: 'cluster-1', launchKeys: keys };
const clock = createVirtualClock({ now: 1_000_000 });
const OFFERING = { instanceType: 'm7i.large', capacityType: 'OnDemand', zone: 'a', subnetID: 's-1' } as const;

type Refusal = NonNullable<NonNullable<Workspace['status']>['refusals']>[number];
const refusal = (code: string, ms = 60_000): Refusal => ({
  class: 'quota',
  code,
  ...OFFERING,
  at: new Date(clock.now()).toISOString(),
  until: new Date(clock.now() + ms).toISOString(),
});

let version = 0;
function workspaceWith(refusals: Refusal[], uid = 'uid-1'): Workspace {
  version += 1;
  const { workspace } = factsOf({ status: { ...statusOf(), refusals } });
  return { ...workspace, metadata: { ...workspace.metadata, uid, resourceVersion: String(version) } };
}

/** As the operator writes it, whose status before had these. */
function noted(after: Refusal[], before: Refusal[] = [], uid = 'uid-1'): Refusal[] {
  const decision = decideAt(factsOf({}));
  const status = { ...decision.status, refusals: after };
  return withMacs(deps, workspaceWith(before, uid), { ...decision, status }).status.refusals ?? [];
}

/** What one that watches these statuses heeds, in the order in which they come. */
function heeded(first: Workspace, ...later: Workspace[]): string[] {
  const workspaces = createStore<Workspace>();
  workspaces.applyList([first], first.metadata.resourceVersion);
  const aws = { capacityRetryMs: 180_000 };
  const timing = { repairBackoffMinMs: 30_000, repairBackoffMaxMs: 900_000 };
  const options = { clock, wake: () => undefined, aws, timing };
  const offerings = createRefusals({ clusterID: 'cluster-1', workspaces }, keys, options);
  for (const next of later) workspaces.applyList([next], next.metadata.resourceVersion);
  return offerings.snapshot('another').map(({ code }) => code);
}

test('what an operator noted is heeded by each other one as it comes', () => {
  const blocked = noted([refusal('Blocked')]);
  expect(heeded(workspaceWith([]), workspaceWith(blocked))).toEqual(['Blocked']);
});

test('what another wrote is not: without a MAC, with that of another Workspace, refusal, time or key', () => {
  const [mine, theirs] = [noted([refusal('Blocked')]), noted([refusal('Blocked')], [], 'uid-2')];
  const longer = mine.map((it) => ({ ...it, until: refusal('Blocked', 900_000).until }));
  const wider = noted([refusal('Unsupported')]).map((it) => ({ ...it, code: 'Blocked' }));
  const other = mine.map(({ mac = '', ...it }) => ({ ...it, mac: mac.replace('m1.k1', 'm1.k2') }));
  for (const forged of [[refusal('Blocked')], theirs, longer, wider, other])
    expect(heeded(workspaceWith([]), workspaceWith(forged))).toEqual([]);
});

test('no later decision of the operator signs a refusal that another wrote', () => {
  const forged = refusal('Blocked');
  const both = noted([refusal('Unsupported'), forged], [forged]);
  expect(both.map(({ code, mac }) => [code, mac === undefined])).toEqual([
    ['Unsupported', false],
    ['Blocked', true],
  ]);
  expect(heeded(workspaceWith([forged], 'uid-1')).length).toBe(1);
  expect(heeded(workspaceWith([]), workspaceWith(both))).toEqual(['Unsupported']);
});

test('one of an earlier release, which signed none, counts in a status that is seen for the first time', () => {
  expect(heeded(workspaceWith([refusal('Blocked')]))).toEqual(['Blocked']);
});

test('a standby that can’t verify what a leader noted judges it again once it leads', () => {
  const workspaces = createStore<Workspace>();
  const first = workspaceWith([]);
  workspaces.applyList([first], first.metadata.resourceVersion);
  const options = {
    clock,
    wake: () => undefined,
    aws: { capacityRetryMs: 180_000 },
    timing: { repairBackoffMinMs: 30_000, repairBackoffMaxMs: 900_000 },
  };
  const offerings = createRefusals({ clusterID: 'cluster-1', workspaces }, keys, options);
  const codes = () => offerings.snapshot('another').map(({ code }) => code);
  const next = workspaceWith([{ ...refusal('Blocked'), mac: `m2.k9.${'A'.repeat(43)}` }]);
  workspaces.applyList([next], next.metadata.resourceVersion);
  expect(codes()).toEqual([]);
  offerings.judgeAgain();
  expect(codes()).toEqual(['Blocked']);
});

test('an interruption speaks against an offering only where the operator armed that launch', () => {
  const ended = { outcome: 'Interrupted' as const, at: new Date(clock.now()).toISOString() };
  const withLaunch = (more: object): Workspace => {
    const workspace = workspaceWith([]);
    return { ...workspace, status: { ...statusOf(), launch: launchOf({ readyAt: undefined, ...more }) } };
  };
  const [before, forged] = [withLaunch({}), withLaunch({ ended })];
  expect(heeded(before, forged)).toEqual([]);
  expect(heeded(forged)).toEqual([]);
  expect(heeded(before, signed(deps, forged))).toHaveLength(1);
  expect(heeded(signed(deps, forged))).toHaveLength(1);
});
