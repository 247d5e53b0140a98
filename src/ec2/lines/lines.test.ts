import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { constantRandom } from '../../../test/support/cloud/ec2.ts';
import { createBuckets } from '../calls/buckets.ts';
import { createEc2Metrics } from '../calls/metrics.ts';
import { createLines, type LineBucket } from './lines.ts';

function createTestLines(workers: number) {
  const clock = createVirtualClock();
  const registry = new Registry();
  const metrics = createEc2Metrics(registry);
  const buckets = createBuckets({ clock, random: constantRandom(1), metrics });
  const woken: string[] = [];
  const lines = createLines({
    buckets,
    clock,
    metrics,
    wake: (key) => void woken.push(key),
    workers,
    nearMs: 30_000,
  });
  const ask = (bucket: LineBucket, id: string) =>
    lines.ask(bucket, { id, key: id, namespace: 'a', ready: true, lane: 'again', errand: 'send' });
  return { clock, registry, lines, woken, ask };
}

test('an end has its turn at once, however many wait to be launched or started', () => {
  const { ask } = createTestLines(4);
  for (let index = 0; index < 300; index += 1) {
    ask('RunInstances', `run-${index}`);
    ask('StartInstances', `start-${index}`);
  }
  for (const bucket of ['TerminateInstances', 'StopInstances', 'GetConsoleOutput'] as const)
    expect(ask(bucket, 'w').inMs).toBe(0);
});

test('launches and starts together leave a quarter of the workers, and go on as answers come', () => {
  const { ask, lines, woken } = createTestLines(4);
  expect(['a', 'b', 'c', 'd'].map((id) => ask('RunInstances', id).inMs > 0)).toEqual([
    false,
    false,
    false,
    true,
  ]);
  expect(ask('StartInstances', 's').inMs).toBeGreaterThan(0);
  lines.passed('a');
  expect(woken).toEqual(['d']);
  lines.passed('b');
  expect(woken).toEqual(['d', 's']);
});

test('how many wait is a metric, and for how long they did', async () => {
  const { ask, clock, lines, registry } = createTestLines(100);
  for (let index = 0; index < 8; index += 1) ask('RunInstances', `run-${index}`);
  const text = () => registry.metrics();
  expect(await text()).toContain('workspace_ec2_waiting_requests{bucket="RunInstances"} 3');
  for (let index = 0; index < 5; index += 1) {
    expect(lines.spend('RunInstances', `run-${index}`)).toBe(true);
    lines.passed(`run-${index}`);
  }
  await clock.advance(500);
  ask('RunInstances', 'run-5');
  lines.spend('RunInstances', 'run-5');
  expect(await text()).toContain('workspace_ec2_bucket_wait_seconds_sum{bucket="RunInstances"} 0.5');
  expect(await text()).toContain('workspace_ec2_waiting_requests{bucket="RunInstances"} 2');
});
