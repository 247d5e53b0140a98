import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { doubtful, factsOf, launchOf, statusOf } from '../../../test/support/facts.ts';
import { recordingLogger } from '../../../test/support/silentLogger.ts';
import type { Workspace, WorkspaceStatus } from '../../api/kinds/workspace.ts';
import { createStore } from '../../controller/cache/store.ts';
import { keepLedger } from './ledger.ts';
import { createWorkspaceMetrics } from './metrics.ts';

const IN_DOUBT = statusOf({ launch: doubtful({ number: 2, cause: { kind: 'SecretChanged', ref: '3' } }) });
const STARTED = statusOf({ launch: launchOf({ number: 2, cause: { kind: 'SecretChanged', ref: '3' } }) });

function setUp() {
  const { logger, lines } = recordingLogger();
  const metrics = createWorkspaceMetrics(new Registry());
  const store = createStore<Workspace>();
  const lease = { now: true, held: () => lease.now, term: () => undefined };
  keepLedger(store, { lease, logger, metrics });
  const version = (resourceVersion: string, status: WorkspaceStatus): Workspace =>
    structuredClone(factsOf({ status, metadata: { resourceVersion } }).workspace);
  return {
    store,
    lease,
    version,
    started: () => lines.filter(({ event }) => event === 'provision.ec2_started'),
    counted: async () => (await metrics.provisions.get()).values,
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

test('after a restart nothing of before is told again', async () => {
  const { store, version, started, counted } = setUp();
  store.applyList([version('8', STARTED)], '8');
  store.applyWrite(version('9', { ...STARTED, observedGeneration: 2 }));
  expect(started()).toEqual([]);
  expect(await counted()).toEqual([]);
});

test('a standby tells nothing: whoever leads does', () => {
  const { store, version, started, lease } = setUp();
  lease.now = false;
  store.applyWrite(version('7', IN_DOUBT));
  store.applyWrite(version('8', STARTED));
  lease.now = true;
  store.applyWrite(version('9', { ...STARTED, observedGeneration: 2 }));
  expect(started()).toEqual([]);
});
