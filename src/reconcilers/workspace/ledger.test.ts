import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { recordingLogger } from '../../../test/support/base/silentLogger.ts';
import {
  CLUSTER,
  desiredOf,
  doubtful,
  factsOf,
  launchOf,
  stamp,
  statusOf,
} from '../../../test/support/workspace/facts.ts';
import type { Workspace, WorkspaceStatus } from '../../api/kinds/workspace.ts';
import { clientToken } from '../../api/launch/token.ts';
import { createStore } from '../../controller/cache/store.ts';
import { type InstanceState, type ObservedInstance, TAG } from '../../ec2/calls/port.ts';
import { keepLedger } from './ledger.ts';
import { createWorkspaceMetrics } from './metrics.ts';
import { WORKSPACE_INDEXES } from './triggers.ts';

const IN_DOUBT = statusOf({ launch: doubtful({ number: 2, cause: { kind: 'SecretChanged', ref: '3' } }) });
const STARTED = statusOf({ launch: launchOf({ number: 2, cause: { kind: 'SecretChanged', ref: '3' } }) });

function setUp() {
  const { logger, lines } = recordingLogger();
  const metrics = createWorkspaceMetrics(new Registry());
  const workspaces = createStore<Workspace>({ indexes: WORKSPACE_INDEXES });
  const lease = { now: true, held: () => lease.now, term: () => undefined };
  const reasons: string[] = [];
  const shown: ObservedInstance[] = [];
  const saw = keepLedger({
    clusterID: CLUSTER,
    workspaces,
    cloud: { ofWorkspace: () => shown },
    events: { record: ({ reason }) => void reasons.push(reason) },
    lease,
    logger,
    metrics,
  });
  const version = (resourceVersion: string, status: WorkspaceStatus): Workspace =>
    structuredClone(factsOf({ status, metadata: { resourceVersion } }).workspace);
  const countsOf = async (counter: { get(): Promise<{ values: { value: number; labels: object }[] }> }) =>
    (await counter.get()).values.filter(({ value }) => value > 0);
  return {
    store: workspaces,
    lease,
    version,
    reasons,
    shows(...instances: ObservedInstance[]) {
      shown.splice(0, shown.length, ...instances);
      saw('uid-1');
    },
    started: () => lines.filter(({ event }) => event === 'provision.ec2_started'),
    counted: () => countsOf(metrics.provisions),
    violated: async () =>
      (await countsOf(metrics.violations)).map(({ labels, value }) => ({ ...labels, value })),
  };
}

test('a provision is one line and one count, whether our write’s answer comes first or the watch', async () => {
  const { store, version, started, counted } = setUp();
  store.applyWrite(version('7', IN_DOUBT));
  store.applyWrite(version('8', STARTED));
  store.applyWrite(version('8', STARTED));
  store.applyList([version('9', STARTED)], '9');
  const spent = { number: 2, generation: 1, cause: 'SecretChanged', ref: '3', instanceID: 'i-2' };
  const named = { controller: 'workspace', namespace: 'default', name: 'ada', uid: 'uid-1' };
  expect(started()).toEqual([expect.objectContaining({ ...named, ...spent })]);
  expect(await counted()).toEqual([
    expect.objectContaining({ value: 1, labels: { cause: 'SecretChanged' } }),
  ]);
});

test('after a restart no earlier line is repeated', async () => {
  const { store, version, started, counted } = setUp();
  store.applyList([version('8', STARTED)], '8');
  store.applyWrite(version('9', { ...STARTED, observedGeneration: 2 }));
  expect(started()).toEqual([]);
  expect(await counted()).toEqual([]);
});

test('a standby writes no lines: the leader does', () => {
  const { store, version, started, lease } = setUp();
  lease.now = false;
  store.applyWrite(version('7', IN_DOUBT));
  store.applyWrite(version('8', STARTED));
  lease.now = true;
  store.applyWrite(version('9', { ...STARTED, observedGeneration: 2 }));
  expect(started()).toEqual([]);
});

const observed = (
  number: number,
  state: InstanceState,
  more: Partial<ObservedInstance> = {},
): ObservedInstance => ({
  id: `i-${number}`,
  state,
  type: 'm7i.large',
  zone: 'a',
  clientToken: clientToken(CLUSTER, 'uid-1', number),
  tags: { [TAG.number]: String(number) },
  missing: false,
  ...more,
});

test('two live instances of one Workspace are a violation, reported and counted once for as long as EC2 shows them', async () => {
  const { store, version, shows, violated, reasons } = setUp();
  store.applyWrite(version('7', STARTED));
  shows(observed(1, 'shutting-down'), observed(2, 'pending'));
  shows(observed(1, 'running', { missing: true }), observed(2, 'running'));
  shows(observed(1, 'running', { clientToken: 'of-a-copy' }), observed(2, 'running'));
  expect(await violated()).toEqual([]);
  shows(observed(1, 'running'), observed(2, 'pending'));
  shows(observed(1, 'running'), observed(2, 'pending'));
  expect(await violated()).toEqual([{ violation: 'TwoInstances', value: 1 }]);
  expect(reasons).toEqual(['LedgerViolated']);
  shows(observed(1, 'terminated'), observed(2, 'running'));
  shows(observed(1, 'terminated'), observed(2, 'running'), observed(3, 'running'));
  expect(await violated()).toEqual([{ violation: 'TwoInstances', value: 2 }]);
});

test('one breach is counted once while its instances change state; a further instance is another breach', async () => {
  const { store, version, shows, violated } = setUp();
  store.applyWrite(version('7', STARTED));
  shows(observed(1, 'running'), observed(2, 'pending'));
  shows(observed(1, 'running'), observed(2, 'running'));
  expect(await violated()).toEqual([{ violation: 'TwoInstances', value: 1 }]);
  shows(observed(1, 'running'), observed(2, 'running'), observed(3, 'pending'));
  shows(observed(1, 'running'), observed(2, 'running'), observed(3, 'terminated'));
  shows(observed(2, 'running'), observed(1, 'running'));
  expect(await violated()).toEqual([{ violation: 'TwoInstances', value: 2 }]);
});

test('a second instance for a number is a violation, even once one of them is gone', async () => {
  const { store, version, shows, violated } = setUp();
  store.applyWrite(version('7', STARTED));
  shows(observed(2, 'running'), observed(2, 'terminated', { id: 'i-2b' }));
  expect(await violated()).toEqual([{ violation: 'NumberReused', value: 1 }]);
});

test('a provision that spends what another spent, or what never counted, is a violation', async () => {
  const { store, version, violated } = setUp();
  const cause = { kind: 'SecretChanged', ref: '3' } as const;
  const spent = { generation: 3, cause, outcome: 'Superseded', endedAt: stamp(0), number: 2 } as const;
  const desired = desiredOf(3, 'a');
  const doubt = (number: number) => statusOf({ launch: doubtful({ number, cause }), desired });
  const started = (number: number, history: WorkspaceStatus['history']) =>
    statusOf({ launch: launchOf({ number, cause }), desired, history });
  store.applyWrite(version('7', doubt(3)));
  // One that never had an instance spent nothing.
  store.applyWrite(version('8', started(3, [spent])));
  expect(await violated()).toEqual([]);
  store.applyWrite(version('9', doubt(4)));
  store.applyWrite(version('10', started(4, [{ ...spent, number: 3, instanceID: 'i-3' }])));
  expect(await violated()).toEqual([{ violation: 'NoChange', value: 1 }]);
  const early = { kind: 'SecretChanged', ref: '4' } as const;
  store.applyWrite(version('11', statusOf({ launch: doubtful({ number: 5, cause: early }), desired })));
  store.applyWrite(version('12', statusOf({ launch: launchOf({ number: 5, cause: early }), desired })));
  expect(await violated()).toEqual([{ violation: 'NoChange', value: 2 }]);
});

test('a value of restart that a person sets again later is another request; the same one is a violation', async () => {
  const { store, version, violated } = setUp();
  const restart = (ref: string, number: number) => ({ number, cause: { kind: 'Restart', ref } as const });
  const over = (ref: string, number: number) =>
    ({ ...restart(ref, number), generation: 1, outcome: 'Superseded', endedAt: stamp(0) }) as const;
  const history = [
    { ...over('b', 3), instanceID: 'i-3' },
    { ...over('a', 2), instanceID: 'i-2' },
  ];
  const closed = { number: 4, generation: 1, phase: 'Closed', failures: 0 } as const;
  let at = 10;
  const go = (status: Partial<WorkspaceStatus>) => {
    at += 1;
    store.applyWrite(version(String(at), statusOf(status)));
  };
  go({ launch: launchOf(restart('b', 3)), handled: { restart: 'b' }, history: history.slice(1) });
  go({ launch: doubtful(restart('a', 4)), handled: { restart: 'a' }, history });
  go({ launch: launchOf(restart('a', 4)), handled: { restart: 'a' }, history });
  // Another launch answers this one, as it boots. Then Stopped closes a launch that was never sent.
  go({ launch: launchOf(restart('a', 4)), handled: { restart: 'x' }, history });
  go({ launch: { ...closed, ...restart('a', 5) }, handled: { restart: 'a' }, history });
  go({ launch: launchOf(restart('a', 6)), handled: { restart: 'a' }, history: [over('a', 5), ...history] });
  expect(await violated()).toEqual([]);
  go({ launch: doubtful(restart('a', 7)), handled: { restart: 'a' }, history });
  go({ launch: launchOf(restart('a', 7)), handled: { restart: 'a' }, history });
  expect(await violated()).toEqual([{ violation: 'NoChange', value: 1 }]);
});
