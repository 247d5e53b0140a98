import { afterEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/support/base/seededRandom.ts';
import { recordingLogger } from '../../../test/support/base/silentLogger.ts';
import { createVirtualClock, type VirtualClock } from '../../../test/support/base/virtualClock.ts';
import { createFakeKubeApi } from '../../../test/support/cluster/fakeKubeApi.ts';
import { kubeClient } from '../client/kubeClient.ts';
import type { KubeRequest } from '../client/transport.ts';
import { createRuntimeMetrics } from '../serve/metrics.ts';
import type { EventInput } from './eventBody.ts';
import { createEventRecorder, type EventRecorder, type EventRecorderOptions } from './events.ts';

const PATH = '/apis/events.k8s.io/v1/namespaces/ns/events';
const any = () => true;

const running: { recorder: EventRecorder; clock: VirtualClock }[] = [];
afterEach(async () => {
  for (const { recorder, clock } of running.splice(0)) {
    const stopped = recorder.stop();
    await clock.advance(10_000);
    await stopped;
  }
});

function setup(options: Partial<EventRecorderOptions> = {}) {
  const clock = createVirtualClock();
  const api = createFakeKubeApi(clock);
  const metrics = createRuntimeMetrics();
  const { logger, lines } = recordingLogger();
  const recorder = createEventRecorder({
    client: kubeClient(api, { clock, maxRetries: 0 }),
    clock,
    random: seededRandom(),
    logger,
    metrics,
    reportingController: 'example.com/operator',
    reportingInstance: 'operator-0',
    ...options,
  });
  running.push({ recorder, clock });
  const dropped = async (cause: string) => {
    const text = await metrics.registry.metrics();
    return Number(new RegExp(`events_dropped_total\\{cause="${cause}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
  };
  const bodies = (method: KubeRequest['method']) =>
    api.requests.filter((request) => request.method === method).map((request) => request.body as Body);
  return { clock, api, recorder, dropped, bodies, lines };
}

interface Body {
  metadata: { name: string; namespace: string };
  note: string;
  series?: { count: number; lastObservedTime: string };
}

function event(change: Partial<EventInput> = {}): EventInput {
  const regarding = { apiVersion: 'example.com/v1', kind: 'Thing', namespace: 'ns', name: 'a', uid: 'uid-a' };
  return { regarding, type: 'Normal', reason: 'Launched', action: 'Launch', note: 'launched', ...change };
}

describe('event recorder', () => {
  it('writes what the API asks for', async () => {
    const t = setup();
    t.recorder.record(event({ note: 'x'.repeat(2_000) }));
    await t.clock.settle();
    expect(t.api.log).toEqual([`POST ${PATH}`]);
    expect(t.bodies('POST')[0]).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace: 'ns', name: expect.stringMatching(/^a\.[0-9a-f]{16}$/) },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.com/operator',
      reportingInstance: 'operator-0',
      action: 'Launch',
      reason: 'Launched',
      regarding: { kind: 'Thing', uid: 'uid-a' },
      type: 'Normal',
    });
    expect(t.bodies('POST')[0]?.note).toHaveLength(1_024);
    expect(t.bodies('POST')[0]?.series).toBeUndefined();
  });

  it('counts the same event again in the one there is, and not a write each', async () => {
    const t = setup();
    for (let i = 0; i < 100; i++) {
      t.recorder.record(event());
      await t.clock.advance(1_000);
    }
    await t.clock.advance(60_000);
    expect(t.bodies('POST')).toHaveLength(1);
    expect(t.bodies('PATCH').map((body) => body.series?.count)).toEqual([2, 60, 100]);
    t.recorder.record(event({ note: 'another' }));
    await t.clock.settle();
    expect(t.bodies('POST')).toHaveLength(2);
  });

  it('forgets a series that is over, and begins a new one after', async () => {
    const t = setup();
    t.recorder.record(event());
    await t.clock.advance(10 * 60_000);
    expect(t.clock.pending()).toBe(0);
    t.recorder.record(event());
    await t.clock.settle();
    expect(t.bodies('POST')).toHaveLength(2);
  });

  it('puts events about what has no namespace into default', async () => {
    const t = setup();
    t.recorder.record(event({ regarding: { apiVersion: 'v1', kind: 'Class', name: 'c', uid: 'u' } }));
    await t.clock.settle();
    expect(t.api.log).toEqual(['POST /apis/events.k8s.io/v1/namespaces/default/events']);
  });

  it('limits each object, however many others have events', async () => {
    const t = setup({ maxQueued: 10, burstPerObject: 25 });
    for (let i = 0; i < 50; i++) {
      t.recorder.record(event({ regarding: { ...event().regarding, name: `o${i}`, uid: `uid-${i}` } }));
      await t.clock.settle();
    }
    for (let i = 0; i < 40; i++) {
      t.recorder.record(event({ note: `number ${i}` }));
      await t.clock.settle();
    }
    expect(await t.dropped('too_many_of_one_object')).toBe(15);
  });

  it('gives events of one moment times in the order in which they were recorded, as readers sort by them', async () => {
    const t = setup();
    for (const note of ['first', 'second', 'third']) t.recorder.record(event({ note }));
    await t.clock.advance(1_000);
    t.recorder.record(event({ note: 'later' }));
    await t.clock.settle();
    const bodies = t.bodies('POST') as unknown as { note: string; eventTime: string }[];
    const sorted = bodies.toSorted((a, b) => (a.eventTime < b.eventTime ? -1 : 1)).map(({ note }) => note);
    expect(sorted).toEqual(['first', 'second', 'third', 'later']);
    expect(new Set(bodies.map(({ eventTime }) => eventTime)).size).toBe(4);
  });

  it('lets one noisy object silence no other', async () => {
    const t = setup({ burstPerObject: 25 });
    for (let i = 0; i < 40; i++) t.recorder.record(event({ note: `number ${i}` }));
    t.recorder.record(event({ regarding: { ...event().regarding, name: 'b', uid: 'uid-b' } }));
    await t.clock.advance(1_000);
    expect(t.bodies('POST')).toHaveLength(26);
    expect(await t.dropped('too_many_of_one_object')).toBe(15);
    await t.clock.advance(300_000);
    t.recorder.record(event({ note: 'later' }));
    await t.clock.settle();
    expect(t.bodies('POST')).toHaveLength(27);
  });

  it('waits for a server that is away, then drops, and counts what it drops', async () => {
    const t = setup();
    t.api.fault(any, { kind: 'answer', status: 500 }, { kind: 'loseAnswer' });
    t.recorder.record(event());
    await t.clock.advance(60_000);
    expect(t.api.get(PATH, t.bodies('POST')[0]?.metadata.name ?? '', 'ns')).toBeDefined();
    expect([await t.dropped('unreachable'), await t.dropped('refused')]).toEqual([0, 0]);
    t.api.fault(any, ...Array.from({ length: 4 }, () => ({ kind: 'answer', status: 500 }) as const));
    t.recorder.record(event({ note: 'another' }));
    await t.clock.advance(60_000);
    expect(await t.dropped('unreachable')).toBe(1);
  });

  it('never waits and never grows without bound', async () => {
    const t = setup({ maxQueued: 10 });
    t.api.fault(any, { kind: 'lose' });
    for (let i = 0; i < 30; i++)
      t.recorder.record(event({ regarding: { ...event().regarding, uid: `uid-${i}` } }));
    await t.clock.settle();
    expect(await t.dropped('queue_full')).toBe(20);
  });

  it('says no more than a debug line of a namespace that is going away', async () => {
    const t = setup();
    const causes = [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }];
    const body = { kind: 'Status', reason: 'Forbidden', details: { causes } };
    t.api.fault(any, { kind: 'answer', status: 403, body });
    t.recorder.record(event());
    await t.clock.settle();
    expect(await t.dropped('namespace_terminating')).toBe(1);
    expect(t.lines.filter((line) => Number(line.level) > 20)).toEqual([]);
    t.api.fault(any, { kind: 'answer', status: 403, body: { kind: 'Status', reason: 'Forbidden' } });
    t.recorder.record(event({ note: 'another' }));
    await t.clock.settle();
    expect(await t.dropped('refused')).toBe(1);
    expect(t.lines.filter((line) => line.level === 40)).toHaveLength(1);
  });

  it('begins again when the server has forgotten the event', async () => {
    const t = setup();
    t.recorder.record(event());
    await t.clock.settle();
    t.api.remove(PATH, t.bodies('POST')[0]?.metadata.name ?? '', 'ns');
    t.recorder.record(event());
    await t.clock.settle();
    expect(t.bodies('POST')).toHaveLength(2);
    expect(t.bodies('POST')[1]?.series?.count).toBe(2);
  });

  it('writes what is queued when it stops, and nothing after', async () => {
    const t = setup();
    t.recorder.record(event());
    t.recorder.record(event());
    await t.clock.settle();
    t.recorder.record(event());
    const stopped = t.recorder.stop();
    await t.clock.settle();
    await stopped;
    expect(t.bodies('PATCH').at(-1)?.series?.count).toBe(3);
    t.recorder.record(event({ note: 'late' }));
    expect(await t.dropped('stopped')).toBe(1);
    expect(t.clock.pending()).toBe(0);
  });
});
