import fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { constantRandom } from '../../../test/support/cloud/ec2.ts';
import { BUCKET_SIZES, type BucketName, createBuckets, scaledBucketSizes } from './buckets.ts';
import { createEc2Metrics } from './metrics.ts';

function setUp(jitter = 1, sizes = {}) {
  const clock = createVirtualClock();
  const registry = new Registry();
  const buckets = createBuckets({
    clock,
    random: constantRandom(jitter),
    metrics: createEc2Metrics(registry),
    sizes,
  });
  const passed: number[] = [];
  const ask = (name: BucketName, times = 1) => {
    for (let i = 0; i < times; i++) void buckets.take(name).then(() => passed.push(clock.monotonic()));
  };
  return { clock, registry, buckets, passed, ask };
}

describe('the buckets', () => {
  it('let launches through at 5 and then 2 a second, as AWS does', async () => {
    const { clock, passed, ask } = setUp();
    ask('RunInstances', 9);
    await clock.advance(10_000);
    expect(passed).toEqual([0, 0, 0, 0, 0, 500, 1000, 1500, 2000]);
  });

  it('are separate: a storm of launches delays no look', async () => {
    const { clock, passed, ask } = setUp();
    ask('RunInstances', 50);
    await clock.settle();
    ask('Describe');
    await clock.settle();
    expect(passed).toHaveLength(6);
  });

  it('make everyone wait after a throttled answer, those who had queued included', async () => {
    const { clock, buckets, passed, ask } = setUp();
    buckets.throttled('RunInstances');
    ask('RunInstances', 3);
    ask('Describe');
    await clock.advance(10_000);
    expect(passed).toEqual([0, 1500, 2000, 2500]);
  });

  it('wait longer each time in a row, at most 30 s, and shortly again after an answer', async () => {
    const { clock, buckets } = setUp();
    const pauses: number[] = [];
    const measure = async () => {
      const from = clock.monotonic();
      buckets.throttled('Describe');
      const free = buckets.take('Describe').then(() => pauses.push(clock.monotonic() - from));
      await clock.advance(60_000);
      await free;
    };
    for (let i = 0; i < 7; i++) await measure();
    buckets.answered('Describe');
    await measure();
    expect(pauses).toEqual([1_050, 2_050, 4_050, 8_050, 16_050, 30_050, 30_050, 1_050]);
  });

  it('count throttled answers to one burst as one', async () => {
    const { clock, buckets, passed, ask } = setUp();
    for (let i = 0; i < 5; i++) buckets.throttled('Describe');
    ask('Describe');
    await clock.advance(10_000);
    expect(passed).toEqual([1_050]);
  });

  it('ignore good answers that were under way when the pause began', async () => {
    const { clock, buckets, passed, ask } = setUp();
    buckets.throttled('Describe');
    buckets.answered('Describe');
    await clock.advance(1_000);
    buckets.throttled('Describe');
    ask('Describe');
    await clock.advance(10_000);
    expect(passed).toEqual([3_050]);
  });

  it('spread the waits: the jitter takes off up to half', async () => {
    const { clock, buckets, passed, ask } = setUp(0);
    buckets.throttled('Describe');
    ask('Describe');
    await clock.advance(10_000);
    expect(passed).toEqual([550]);
  });

  it('report how long calls waited', async () => {
    const { clock, registry, ask } = setUp();
    ask('RunInstances', 7);
    await clock.advance(10_000);
    const text = await registry.metrics();
    expect(text).toContain('workspace_ec2_bucket_wait_seconds_count{bucket="RunInstances"} 7');
    expect(text).toContain('workspace_ec2_bucket_wait_seconds_sum{bucket="RunInstances"} 1.5');
  });
});

/** Whether a bucket of AWS's size has a token for each of these arrivals, ms. */
function allServed(
  arrivals: readonly number[],
  { capacity, refillPerSecond }: typeof BUCKET_SIZES.RunInstances,
) {
  let tokens = capacity;
  let before = 0;
  return arrivals
    .toSorted((a, b) => a - b)
    .every((at) => {
      tokens = Math.min(capacity, tokens + ((at - before) / 1000) * refillPerSecond) - 1;
      before = at;
      return tokens >= -1e-9;
    });
}

const named = Object.keys(BUCKET_SIZES).filter((name): name is BucketName => name in BUCKET_SIZES);

it.each(named)(
  '%s: calls that the network holds up by as much as half a second overdraw nothing',
  async (name) => {
    const { clock, passed, ask } = setUp(1, scaledBucketSizes(1));
    ask(name, 200);
    await clock.advance(120_000);
    expect(passed).toHaveLength(200);
    const delays = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 200, maxLength: 200 });
    fc.assert(
      fc.property(delays, (late) => {
        expect(
          allServed(
            passed.map((at, i) => at + (late[i] ?? 0)),
            BUCKET_SIZES[name],
          ),
        ).toBe(true);
      }),
    );
    // The worst of all: what was sent first arrives with what was sent half a second later.
    expect(
      allServed(
        passed.map((at) => Math.max(at, 500)),
        BUCKET_SIZES[name],
      ),
    ).toBe(true);
  },
);
