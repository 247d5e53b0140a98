import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { monoMs } from '../../../test/support/base/moments.ts';
import { recordingLogger } from '../../../test/support/base/silentLogger.ts';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { instance } from '../../../test/support/cloud/ec2.ts';
import type { Workspace } from '../../api/kinds/workspace.ts';
import { clientToken } from '../../api/launch/token.ts';
import { createStore } from '../../controller/cache/store.ts';
import type { KubeObject, ListOptions } from '../../controller/client/client.ts';
import type { EventRecorder } from '../../controller/events/events.ts';
import { ec2Failure } from '../../ec2/calls/errors.ts';
import { type ObservedInstance, TAG } from '../../ec2/calls/port.ts';
import { createOrphanMetrics } from './metrics.ts';
import { createOrphans } from './orphans.ts';

const CLUSTER = 'cluster-1';
const MINUTE = 60_000;
type Event = Parameters<EventRecorder['record']>[0];

/** The look for orphans over a cloud and a cluster in memory, in virtual time; by default it may end them. */
function setUp(policy: 'Report' | 'Terminate' = 'Terminate') {
  const clock = createVirtualClock({ monotonic: 100 * MINUTE });
  const { logger, lines } = recordingLogger();
  const registry = new Registry();
  const cloud = new Map<string, ObservedInstance>();
  const owners = new Map<string, KubeObject>();
  const cache = createStore<Workspace>({ indexes: { uid: ({ metadata }) => [metadata.uid] } });
  const fresh = new Set<string>();
  const [sent, lists]: [string[], ListOptions[]] = [[], []];
  const [events, changed]: [Event[], string[]] = [[], []];
  const onList: () => void = () => undefined;
  const state = { held: true, refused: new Set<string>(), listFails: false, onList };
  const term = { id: 'term-1', acquiredAt: clock.monotonic() };
  const orphans = createOrphans({
    clusterID: CLUSTER,
    scope: { namespaces: undefined, covers: () => true },
    kube: {
      async get<T extends KubeObject>() {
        return { metadata: { name: 'workspace-operator', uid: 'lease', resourceVersion: '1' } } as T;
      },
      async list<T extends KubeObject>(_resource: unknown, options: ListOptions = {}) {
        lists.push(options);
        state.onList();
        if (state.listFails) throw new Error('the API server is away');
        return { items: [...owners.values()] as T[], resourceVersion: '1' };
      },
    },
    workspaces: cache,
    cloud: {
      all: () => [...cloud.values()],
      lastSweep: () => ({ begunAt: clock.monotonic(), endedAt: clock.monotonic() }),
    },
    calls: {
      async terminateInstances(ids, options) {
        options?.beforeSend?.();
        sent.push(ids.join());
        if (ids.some((id) => state.refused.has(id)))
          throw ec2Failure({
            class: 'userFix',
            code: 'OperationNotPermitted',
            action: 'TerminateInstances',
            detail: 'protected',
          });
        for (const id of ids) cloud.delete(id);
      },
    },
    evidence: {
      availableSince: () => monoMs(0),
      ofWorkspace: (uid) => (fresh.has(uid) ? [{ uid, number: 1, fresh: true, reports: 0 }] : []),
    },
    lease: { held: () => state.held, term: () => (state.held ? term : undefined) },
    leaseTarget: { namespace: 'workspace-system', name: 'workspace-operator' },
    events: { record: (event) => void events.push(event) },
    clock,
    logger,
    metrics: createOrphanMetrics(registry),
    settings: { policy, intervalMs: MINUTE, graceMs: 10 * MINUTE, mostPerRound: 2 },
    onChange: (key) => changed.push(key),
  });

  /** An instance of launch 1 of a Workspace, whether there is one or not. */
  function launched(uid: string, more: Partial<ObservedInstance> = {}): string {
    const id = `i-${uid}`;
    const names = {
      [TAG.cluster]: CLUSTER,
      [TAG.uid]: uid,
      [TAG.namespace]: 'team',
      [TAG.name]: uid.slice(0, 3),
    };
    const tags = { ...names, [TAG.number]: '1' };
    const seen = instance(id, { tags, clientToken: clientToken(CLUSTER, uid, 1) });
    cloud.set(id, { ...seen, missing: false, ...more });
    return id;
  }
  function owned(uid: string, cached = true): void {
    const metadata = { name: uid, namespace: 'team', uid, resourceVersion: '1' };
    owners.set(uid, { metadata });
    if (cached) cache.applyWrite({ metadata } as Workspace);
  }
  /** Sweeps every ten seconds for so long. */
  async function sweepFor(ms: number): Promise<void> {
    for (let passed = 0; passed <= ms; passed += 10_000) {
      orphans.swept();
      await clock.advance(10_000);
    }
  }
  async function gauge(verdict: string): Promise<number | undefined> {
    const metric = await registry.getSingleMetric('workspace_orphans')?.get();
    return metric?.values.find(({ labels }) => labels.verdict === verdict)?.value;
  }
  return {
    orphans,
    clock,
    cloud,
    fresh,
    sent,
    lists,
    events,
    lines,
    changed,
    state,
    launched,
    owned,
    sweepFor,
    gauge,
  };
}

const logged = (lines: readonly Record<string, unknown>[], event: string) =>
  lines.filter((line) => line.event === event).map(({ instanceID }) => instanceID);

test('while every instance has its Workspace in the cache, the API server is not asked', async () => {
  const { launched, owned, lists, sweepFor, gauge } = setUp();
  owned('ada-1');
  launched('ada-1');
  await sweepFor(30 * MINUTE);
  expect(lists).toEqual([]);
  expect(await gauge('Due')).toBe(0);
});

test('the list is a consistent read of whole pages, and its word stands above the cache’s', async () => {
  const { launched, owned, lists, sent, sweepFor, lines } = setUp();
  owned('ada-1', false);
  owned('bob-1');
  launched('ada-1');
  await sweepFor(30 * MINUTE);
  expect(lists[0]).toEqual({ metadataOnly: true, limit: 500 });
  expect(sent).toEqual([]);
  expect(logged(lines, 'orphan.found')).toEqual([]);
});

test('what is launched while the list is read is no orphan', async () => {
  const { launched, owned, state, sent, sweepFor, lines } = setUp();
  owned('bob-1');
  launched('ada-1');
  state.onList = () => void launched('new-1');
  await sweepFor(1);
  expect(logged(lines, 'orphan.found')).toEqual(['i-ada-1']);
  expect(sent).toEqual([]);
});

test('an orphan is reported once, ended once the grace is over, and reported again: log, event and metrics', async () => {
  const { launched, owned, sent, sweepFor, lines, events, gauge } = setUp();
  owned('bob-1');
  launched('ada-1');
  await sweepFor(9 * MINUTE);
  expect(sent).toEqual([]);
  expect(await gauge('Young')).toBe(1);
  await sweepFor(2 * MINUTE);
  expect(sent).toEqual(['i-ada-1']);
  expect(logged(lines, 'orphan.ended')).toEqual(['i-ada-1']);
  expect(events.map(({ reason }) => reason)).toEqual(['OrphanFound', 'OrphanEnded']);
  expect(events[0]).toMatchObject({
    regarding: { kind: 'Lease', namespace: 'workspace-system', name: 'workspace-operator', uid: 'lease' },
    note: expect.stringContaining('i-ada-1 (running), tagged as launch 1 of Workspace team/ada (uid ada-1)'),
  });
  await sweepFor(2 * MINUTE);
  expect(await gauge('Due')).toBe(0);
});

test('by default none is ended: it is counted, and the event names the setting', async () => {
  const { launched, owned, sent, sweepFor, events, gauge, lines } = setUp('Report');
  owned('bob-1');
  launched('ada-1');
  await sweepFor(60 * MINUTE);
  expect(sent).toEqual([]);
  expect(await gauge('Due')).toBe(1);
  expect(events.map(({ note }) => note)).toEqual([expect.stringContaining('--orphans-policy Terminate')]);
  expect(lines.filter(({ event }) => event === 'orphans.held')).toHaveLength(1);
});

test('one that heartbeats stays as long as it does', async () => {
  const { launched, owned, sent, fresh, sweepFor, events } = setUp();
  owned('bob-1');
  launched('ada-1');
  fresh.add('ada-1');
  await sweepFor(60 * MINUTE);
  expect(sent).toEqual([]);
  expect(events[0]?.note).toContain('still heartbeats');
  fresh.clear();
  await sweepFor(2 * MINUTE);
  expect(sent).toEqual(['i-ada-1']);
});

test('a round ends a limited number, and one that EC2 will not end keeps none waiting', async () => {
  const { launched, owned, sent, state, sweepFor, lines } = setUp();
  owned('bob-1');
  for (const uid of ['ada-1', 'eve-1', 'joe-1', 'kim-1']) launched(uid);
  state.refused.add('i-ada-1');
  await sweepFor(9.5 * MINUTE);
  for (let round = 1; round <= 2; round += 1) {
    await sweepFor(MINUTE - 10_000);
    expect(sent).toHaveLength(2 * round);
  }
  expect([...sent].sort()).toEqual(['i-ada-1', 'i-eve-1', 'i-joe-1', 'i-kim-1']);
  await sweepFor(MINUTE);
  expect(sent.at(-1)).toBe('i-ada-1');
  expect(lines).toContainEqual(
    expect.objectContaining({ event: 'ec2.failed', code: 'OperationNotPermitted' }),
  );
});

describe('nothing is ended', () => {
  test('when the Workspaces can not be listed; what was known of orphans stays', async () => {
    const { launched, owned, sent, state, sweepFor, gauge } = setUp();
    owned('bob-1');
    launched('ada-1');
    await sweepFor(5 * MINUTE);
    state.listFails = true;
    await sweepFor(20 * MINUTE);
    expect(sent).toEqual([]);
    expect(await gauge('Young')).toBe(1);
  });

  test('when the list is empty', async () => {
    const { launched, sent, sweepFor } = setUp();
    launched('ada-1');
    await sweepFor(30 * MINUTE);
    expect(sent).toEqual([]);
  });

  test('once the lease is lost, even between the list and the call', async () => {
    const { launched, owned, sent, state, sweepFor, lines } = setUp();
    owned('bob-1');
    launched('ada-1');
    await sweepFor(9 * MINUTE);
    state.onList = () => {
      state.held = false;
    };
    await sweepFor(5 * MINUTE);
    expect(sent).toEqual([]);
    expect(logged(lines, 'orphan.ended')).toEqual([]);
  });

  test.each<[string, Partial<ObservedInstance>]>([
    ['that is ending', { state: 'shutting-down' }],
    ['that the last sweep lacked', { missing: true }],
    ['that look-ups do not find', { notFound: { firstAt: monoMs(1), lastAt: monoMs(2) } }],
  ])('%s', async (_what, more) => {
    const { launched, owned, sent, lists, sweepFor } = setUp();
    owned('bob-1');
    launched('ada-1', more);
    await sweepFor(30 * MINUTE);
    expect(sent).toEqual([]);
    expect(lists).toEqual([]);
  });
});

test('the earlier selves of a Workspace are known after the first look, and the Workspace of that name is notified of changes', async () => {
  const { orphans, cloud, launched, owned, fresh, changed, sweepFor } = setUp('Report');
  owned('bob-1');
  launched('ada-1');
  expect(orphans.earlierSelves('team/ada')).toBeUndefined();
  await sweepFor(1);
  expect(orphans.earlierSelves('team/ada')).toEqual([{ id: 'i-ada-1', uid: 'ada-1', heartbeats: false }]);
  expect(orphans.earlierSelves('team/bob')).toEqual([]);
  fresh.add('ada-1');
  await sweepFor(MINUTE);
  expect(orphans.earlierSelves('team/ada')).toEqual([{ id: 'i-ada-1', uid: 'ada-1', heartbeats: true }]);
  cloud.clear();
  await sweepFor(MINUTE);
  expect(orphans.earlierSelves('team/ada')).toEqual([]);
  expect(changed).toEqual(['team/ada', 'team/ada', 'team/ada']);
});

test('with the term goes what it learnt: the next begins the grace again, and a standby shows no orphans', async () => {
  const { orphans, launched, owned, sent, sweepFor, gauge } = setUp();
  owned('bob-1');
  launched('ada-1');
  await sweepFor(9 * MINUTE);
  await orphans.stop();
  expect(await gauge('Young')).toBeUndefined();
  expect(orphans.earlierSelves('team/ada')).toBeUndefined();
  await sweepFor(9 * MINUTE);
  expect(sent).toEqual([]);
  await sweepFor(2 * MINUTE);
  expect(sent).toEqual(['i-ada-1']);
});
