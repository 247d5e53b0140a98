import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { constantRandom, failureOf, silent } from '../../../test/support/cloud/ec2.ts';
import { createBuckets } from './buckets.ts';
import { createCaller } from './call.ts';
import { createEc2Metrics } from './metrics.ts';

function setUp() {
  const clock = createVirtualClock();
  const metrics = createEc2Metrics(new Registry());
  const buckets = createBuckets({ clock, random: constantRandom(1), metrics });
  const run = createCaller({ timeoutMs: 15_000, buckets, clock, metrics, logger: silent });
  const sentAt: number[] = [];
  /** One RunInstances that AWS answers with this code, or accepts. */
  const call = (code?: string, beforeSend?: () => void) =>
    run({
      action: 'RunInstances',
      bucket: 'RunInstances',
      beforeSend,
      async send(_signal, onSend) {
        onSend();
        sentAt.push(clock.monotonic());
        if (code !== undefined) {
          throw Object.assign(new Error('x'), { name: code, $metadata: { httpStatusCode: 503 } });
        }
      },
    });
  return { clock, call, sentAt };
}

describe('a call', () => {
  it('asks its guard after the wait for the bucket, not before', async () => {
    const { clock, call } = setUp();
    const guardedAt: number[] = [];
    for (let i = 0; i < 7; i++) void call(undefined, () => guardedAt.push(clock.monotonic()));
    await clock.advance(5_000);
    expect(guardedAt).toEqual([0, 0, 0, 0, 0, 500, 1_000]);
  });

  it('that is throttled holds up all that come after it', async () => {
    const { clock, call, sentAt } = setUp();
    expect((await failureOf(call('RequestLimitExceeded'))).class).toBe('throttled');
    void call();
    void call();
    await clock.advance(5_000);
    expect(sentAt).toEqual([0, 1_500, 2_000]);
  });

  it.each([
    ['InternalError', 'the wait goes on growing', 4_500],
    ['InsufficientInstanceCapacity', 'the wait is short again', 3_500],
  ])('that ends in %s between two throttled ones: %s', async (between, _what, freeAt) => {
    const { clock, call, sentAt } = setUp();
    await failureOf(call('RequestLimitExceeded'));
    const second = failureOf(call(between));
    await clock.advance(1_500);
    await second;
    const third = failureOf(call('RequestLimitExceeded'));
    await clock.advance(500);
    await third;
    void call();
    await clock.advance(10_000);
    expect(sentAt).toEqual([0, 1_500, 2_000, freeAt]);
  });

  it('sends nothing once its guard has refused', async () => {
    const { call, sentAt } = setUp();
    const refuse = () => {
      throw new Error('no lease');
    };
    expect(await failureOf(call(undefined, refuse))).toMatchObject({ class: 'notSent', code: 'SendBlocked' });
    expect(sentAt).toEqual([]);
  });

  it('leaves no timer behind', async () => {
    const { clock, call } = setUp();
    await call();
    await failureOf(call('InternalError'));
    expect(clock.pending()).toBe(0);
  });
});
