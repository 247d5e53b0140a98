import fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { constantRandom } from '../../../test/support/cloud/ec2.ts';
import { type BucketSize, createBuckets, scaledBucketSizes } from '../calls/buckets.ts';
import { createEc2Metrics } from '../calls/metrics.ts';
import { createTurnQueue, type TurnRequest } from './turnQueue.ts';

const NEAR_MS = 30_000;
const AWS: BucketSize = { capacity: 5, refillPerSecond: 2 };

interface Wish extends Partial<TurnRequest> {
  id: string;
  /** ms between being woken and looking; Infinity: it never looks. */
  late?: number;
  /** ms from a send to the end of its pass. */
  answerMs?: number;
}

/** Passes as the operator makes them: asked, sent when it is their turn, and woken for it. */
function createPasses(options: { size?: BucketSize; mostAtOnce?: number } = {}) {
  const { size = AWS, mostAtOnce = 8 } = options;
  const clock = createVirtualClock();
  const metrics = createEc2Metrics(new Registry());
  const buckets = createBuckets({
    clock,
    random: constantRandom(1),
    metrics,
    sizes: { RunInstances: size },
  });
  const wishes = new Map<string, Wish>();
  const sent: { id: string; at: number }[] = [];
  const opened: { id: string; at: number }[] = [];
  const turns = createTurnQueue({
    bucket: 'RunInstances',
    buckets,
    clock,
    wake(key) {
      const late = wishes.get(key)?.late ?? 0;
      if (Number.isFinite(late)) clock.setTimeout(() => pass(key), late);
    },
    onWait: () => undefined,
    hasRoom: () => turns.atWork() < mostAtOnce,
    nearMs: NEAR_MS,
  });

  function pass(id: string) {
    const wish = wishes.get(id);
    if (!wish) {
      turns.passed(id);
      return undefined;
    }
    const request = { key: id, namespace: 'a', ready: true, lane: 'first', errand: 'send', ...wish } as const;
    const turn = turns.ask(request);
    if (turn.inMs > 0) {
      turns.passed(id);
      return turn;
    }
    if (turns.spend(id)) {
      wishes.delete(id);
      (request.errand === 'open' ? opened : sent).push({ id, at: clock.monotonic() });
    }
    clock.setTimeout(() => turns.passed(id), wish.answerMs ?? 0);
    return turn;
  }

  function want(wish: Wish) {
    wishes.set(wish.id, wish);
    return pass(wish.id);
  }

  return {
    clock,
    buckets,
    turns,
    sent,
    opened,
    want,
    pass,
    giveUp: (id: string) => void wishes.delete(id),
    ids: () => sent.map(({ id }) => id),
  };
}

function mass(passes: ReturnType<typeof createPasses>, count: number, more: Partial<Wish> = {}) {
  for (let index = 0; index < count; index += 1) {
    passes.want({ id: `${more.namespace ?? 'a'}${index}`, order: String(index).padStart(4, '0'), ...more });
  }
}

function overdrawn(at: readonly number[], { capacity, refillPerSecond }: BucketSize): boolean {
  let [tokens, before] = [capacity, 0];
  return at.some((time) => {
    tokens = Math.min(capacity, tokens + ((time - before) / 1000) * refillPerSecond) - 1;
    before = time;
    return tokens < -1e-6;
  });
}

describe('turns at a bucket', () => {
  test('come at 5 and then 2 a second, oldest first, and no place asks twice in vain', async () => {
    const passes = createPasses();
    mass(passes, 9);
    await passes.clock.advance(10_000);
    expect(passes.sent.map(({ at }) => at)).toEqual([0, 0, 0, 0, 0, 500, 1000, 1500, 2000]);
    expect(passes.ids()).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8']);
    expect(passes.turns.length()).toBe(0);
  });

  test('at a tenth of AWS’s rate 158 launches all go out, as fast as that rate allows', async () => {
    const size = scaledBucketSizes(0.1).RunInstances;
    const passes = createPasses({ size });
    mass(passes, 158);
    await passes.clock.advance(1_000_000);
    expect(passes.sent).toHaveLength(158);
    expect(passes.sent.at(-1)?.at).toBe((158 - size.capacity) * 5_000);
  });

  test('one namespace with three hundred in line keeps another’s one waiting for a few turns only', async () => {
    const passes = createPasses();
    mass(passes, 300, { namespace: 'many' });
    await passes.clock.advance(10_000);
    passes.want({ id: 'one', namespace: 'one' });
    await passes.clock.advance(2_000);
    expect(passes.ids()).toContain('one');
  });

  test('places that had an instance and places that had none alternate, however many there are of either', async () => {
    const passes = createPasses();
    mass(passes, 100, { namespace: 'new' });
    mass(passes, 100, { namespace: 'old', lane: 'again' });
    await passes.clock.advance(20_000);
    const waited = passes.ids().slice(5);
    expect(waited.filter((id) => id.startsWith('old')).length).toBe(waited.length / 2);
  });

  test('what is put on record keeps its token, though AWS asks for a pause and the write takes long', async () => {
    const passes = createPasses();
    const { turns, buckets, clock } = passes;
    mass(passes, 3);
    const ask = { key: 'w', namespace: 'w', ready: true, lane: 'first', errand: 'send' } as const;
    for (const id of ['committed', 'answered']) expect(turns.ask({ ...ask, id }).inMs).toBe(0);
    expect(turns.commit('committed')).toBe(true);
    buckets.throttled('RunInstances');
    expect(turns.commit('answered')).toBe(false);
    expect(turns.spend('answered')).toBe(false);
    await clock.advance(400);
    expect(turns.spend('committed')).toBe(true);
    expect(turns.commit('never asked')).toBe(false);
    await clock.advance(60_000);
    expect(passes.sent).toHaveLength(3);
  });

  test('one that is woken and does not come loses its turn to the next, and no token is lost', async () => {
    const passes = createPasses();
    mass(passes, 10, { late: Number.POSITIVE_INFINITY });
    passes.want({ id: 'z', order: '9999' });
    await passes.clock.advance(120_000);
    expect(passes.ids()).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'z']);
    mass(passes, 5, { namespace: 'b' });
    expect(passes.sent.filter(({ at }) => at === 120_000)).toHaveLength(5);
  });

  test('one that wants nothing any more gives its place up with its next pass', async () => {
    const passes = createPasses();
    mass(passes, 100);
    for (let index = 10; index < 100; index += 1) {
      passes.giveUp(`a${index}`);
      passes.pass(`a${index}`);
    }
    expect(passes.turns.length()).toBe(5);
    passes.want({ id: 'z', order: '9999' });
    await passes.clock.advance(3_000);
    expect(passes.ids().at(-1)).toBe('z');
  });

  test('"too fast" takes back the turns that are out, and all go on after the pause', async () => {
    const passes = createPasses();
    mass(passes, 20, { late: 100 });
    passes.buckets.throttled('RunInstances');
    await passes.clock.advance(900);
    expect(passes.sent).toHaveLength(5);
    await passes.clock.advance(60_000);
    expect(passes.sent).toHaveLength(20);
    const after = passes.sent.slice(5).map(({ at }) => at);
    expect(after[0]).toBeGreaterThanOrEqual(1_500);
    expect(after.every((at, index) => index === 0 || at - (after[index - 1] ?? 0) >= 490)).toBe(true);
  });

  test('no more are out at once than leave workers for all else', async () => {
    const passes = createPasses({ mostAtOnce: 2 });
    mass(passes, 6, { answerMs: 10_000 });
    await passes.clock.advance(1_000);
    expect(passes.sent).toHaveLength(2);
    await passes.clock.advance(30_000);
    expect(passes.sent.map(({ at }) => at)).toEqual([0, 0, 10_000, 10_000, 20_000, 20_000]);
  });

  test('for any asks, however late they look, the bucket is never overdrawn and all are served', () => {
    const wish = fc.record({
      namespace: fc.constantFrom('a', 'b', 'c'),
      lane: fc.constantFrom('again' as const, 'first' as const),
      late: fc.constantFrom(0, 0, 10, 800, 3_000),
      answerMs: fc.constantFrom(0, 200, 4_000),
      after: fc.constantFrom(0, 0, 0, 100, 5_000),
    });
    return fc.assert(
      fc.asyncProperty(fc.array(wish, { maxLength: 40 }), async (plan) => {
        const passes = createPasses();
        for (const [index, { after, ...more }] of plan.entries()) {
          await passes.clock.advance(after);
          passes.want({ id: `w${index}`, ...more });
        }
        await passes.clock.advance(300_000);
        expect(passes.sent).toHaveLength(plan.length);
        expect(
          overdrawn(
            passes.sent.map(({ at }) => at),
            AWS,
          ),
        ).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});

describe('who gives up an instance for its successor', () => {
  test('may at once where none waits', () => {
    const passes = createPasses();
    passes.want({ id: 'w', errand: 'open' });
    expect(passes.opened).toEqual([{ id: 'w', at: 0 }]);
  });

  test('waits its turn behind those that came before, and is then served within seconds', async () => {
    const passes = createPasses();
    mass(passes, 300);
    passes.want({ id: 'w', errand: 'open', order: '5000' });
    await passes.clock.advance(140_000);
    expect(passes.opened).toEqual([]);
    await passes.clock.advance(20_000);
    expect(passes.opened).toHaveLength(1);
    mass(passes, 300, { namespace: 'later' });
    passes.want({ id: 'w', lane: 'again' });
    const asked = passes.clock.monotonic();
    await passes.clock.advance(NEAR_MS);
    expect(passes.sent.find(({ id }) => id === 'w')?.at).toBeLessThanOrEqual(asked + 2_000);
  });

  test('may not while its own namespace has many that must be launched first; another namespace’s may', async () => {
    const passes = createPasses();
    mass(passes, 200, { lane: 'again' });
    passes.want({ id: 'own', errand: 'open' });
    passes.want({ id: 'other', errand: 'open', namespace: 'b' });
    expect(passes.opened.map(({ id }) => id)).toEqual(['other']);
    await passes.clock.advance(60_000);
    expect(passes.opened.map(({ id }) => id)).toEqual(['other']);
    await passes.clock.advance(30_000);
    expect(passes.opened.map(({ id }) => id)).toEqual(['other', 'own']);
  });

  test('are no more in any while than can be launched in it', async () => {
    const passes = createPasses();
    for (let index = 0; index < 100; index += 1) passes.want({ id: `w${index}`, errand: 'open' });
    await passes.clock.advance(10_000);
    expect(passes.opened.length).toBe(5 + 10 * 2);
  });

  test('one that must not yet gets the time when it may, and is passed over until it could', async () => {
    const passes = createPasses();
    mass(passes, 50);
    const turn = passes.want({ id: 'w', errand: 'open', order: '5000', ready: false });
    expect(turn?.ahead).toBe(45);
    expect(turn?.inMs).toBeGreaterThan(20_000);
    await passes.clock.advance(60_000);
    expect(passes.opened).toEqual([]);
    passes.want({ id: 'w', errand: 'open', order: '5000' });
    expect(passes.opened).toHaveLength(1);
  });
});
