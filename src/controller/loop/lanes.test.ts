import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLanes, type Lane } from './lanes.ts';

const LANES: readonly Lane[] = ['urgent', 'active', 'routine'];
const all = (lanes: ReturnType<typeof createLanes>) => {
  const taken: string[] = [];
  for (let key = lanes.take(); key !== undefined; key = lanes.take()) taken.push(key);
  return taken;
};

describe('lanes', () => {
  test('what a person waits for, and then what is on its way, comes before a mass of routine looks', () => {
    const lanes = createLanes();
    for (let index = 0; index < 10_000; index += 1) lanes.push(`a/${index}`, 'routine');
    lanes.push('a/launching', 'active');
    lanes.push('a/stop', 'urgent');
    expect([lanes.take(), lanes.take(), lanes.take()]).toEqual(['a/stop', 'a/launching', 'a/0']);
    expect(lanes.size).toBe(9_999);
  });

  test('a key is there once, and moves up, never down', () => {
    const lanes = createLanes();
    lanes.push('a', 'routine');
    lanes.push('b', 'routine');
    lanes.push('b', 'urgent');
    lanes.push('b', 'routine');
    lanes.push('a', 'routine');
    expect(lanes.size).toBe(2);
    expect(all(lanes)).toEqual(['b', 'a']);
    expect(lanes.take()).toBeUndefined();
    lanes.push('b', 'routine');
    expect(all(lanes)).toEqual(['b']);
  });

  test('a namespace with many keys holds up no other: they take turns', () => {
    const lanes = createLanes();
    for (let index = 0; index < 1_000; index += 1) lanes.push(`many/${index}`, 'urgent');
    lanes.push('one/a', 'urgent');
    lanes.push('two/b', 'urgent');
    const first = Array.from({ length: 4 }, () => lanes.take());
    expect(first).toEqual(['many/0', 'one/a', 'two/b', 'many/1']);
  });
});

type Step = { push: string; lane: Lane } | 'take';
const keys = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 12 }));
const push = fc.record({
  push: keys.map(([namespace, name]) => `n${namespace}/${name}`),
  lane: fc.constantFrom(...LANES),
});
const steps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(push, fc.constant('take' as const)), {
  maxLength: 300,
  size: 'max',
});

test('each waiting key is taken once, and no other, for any pushes and takes', () => {
  fc.assert(
    fc.property(steps, (plan) => {
      const lanes = createLanes();
      const waiting = new Set<string>();
      for (const step of plan) {
        if (step === 'take') {
          const key = lanes.take();
          if (key === undefined) expect(waiting.size).toBe(0);
          else expect(waiting.delete(key)).toBe(true);
        } else {
          lanes.push(step.push, step.lane);
          waiting.add(step.push);
        }
        expect(lanes.size).toBe(waiting.size);
      }
      expect(new Set(all(lanes))).toEqual(waiting);
    }),
  );
});

/** At the latest every n takes one is of this lane, however full the others are kept. */
const AT_LEAST_EVERY: Record<Lane, number> = { urgent: 3, active: 4, routine: 8 };

test.each(LANES)(
  'however full the other lanes are kept, nothing starves in %s: a key is taken within its share',
  (lane) => {
    const others = LANES.filter((other) => other !== lane);
    const arrivals = fc.array(fc.record({ lane: fc.constantFrom(...others), namespace: fc.nat(3) }), {
      minLength: 400,
      maxLength: 400,
    });
    const before = fc.integer({ min: 0, max: 9 });
    const namespaces = fc.integer({ min: 1, max: 3 });
    fc.assert(
      fc.property(arrivals, before, namespaces, (plan, ahead, groups) => {
        const lanes = createLanes();
        let made = 0;
        const fill = () => {
          const arrival = plan[made % plan.length];
          made += 1;
          if (arrival) lanes.push(`n${arrival.namespace}/${made}`, arrival.lane);
        };
        for (let index = 0; index < 20; index += 1) fill();
        for (let group = 0; group < groups; group += 1)
          for (let index = 0; index < ahead; index += 1) lanes.push(`g${group}/${index}`, lane);
        lanes.push('g0/mine', lane);
        let takes = 0;
        for (let key = lanes.take(); key !== 'g0/mine'; key = lanes.take()) {
          takes += 1;
          fill();
          fill();
          expect(takes).toBeLessThan((ahead + 1) * groups * AT_LEAST_EVERY[lane]);
        }
      }),
    );
  },
);
