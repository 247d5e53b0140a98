import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../client/client.ts';
import { compareResourceVersions } from './resourceVersion.ts';
import { createStore, type StoreEvent } from './store.ts';

interface Thing extends KubeObject {
  color?: string;
}

function thing(name: string, version: number, extra: { color?: string; uid?: string } = {}): Thing {
  const { uid = `uid-${name}`, color } = extra;
  return { metadata: { name, namespace: 'ns', uid, resourceVersion: String(version) }, color };
}

function watched() {
  const store = createStore<Thing>({ indexes: { color: (t) => (t.color ? [t.color] : []) } });
  const events: StoreEvent<Thing>[] = [];
  store.onChange((event) => events.push(event));
  const said = () =>
    events
      .splice(0)
      .map(({ type, object }) => `${type} ${object.metadata.name}@${object.metadata.resourceVersion}`);
  return { store, said };
}

describe('store', () => {
  it('orders versions as numbers of any length', () => {
    expect(compareResourceVersions('9', '10')).toBeLessThan(0);
    expect(compareResourceVersions('9007199254740993', '9007199254740992')).toBeGreaterThan(0);
    expect(compareResourceVersions('7', '7')).toBe(0);
  });

  it('sees our own write at once, and its watch event as old news', () => {
    const { store, said } = watched();
    store.applyList([thing('a', 5)], '10');
    expect(store.applyWrite(thing('a', 12))).toBe(true);
    expect(store.applyWrite(thing('a', 12))).toBe(false);
    expect(store.applyWrite(thing('a', 11))).toBe(false);
    expect(store.get('ns/a')?.metadata.resourceVersion).toBe('12');
    expect(said()).toEqual(['added a@5', 'updated a@12']);
  });

  it('is not taken back by a stale list', () => {
    const { store, said } = watched();
    store.applyList([thing('a', 5), thing('b', 6)], '10');
    store.applyWrite(thing('a', 12));
    store.applyWrite(thing('c', 13));
    store.applyDelete(thing('b', 14));
    said();
    store.applyList([thing('a', 5), thing('b', 6)], '11');
    expect(store.keys().sort()).toEqual(['ns/a', 'ns/c']);
    expect(store.get('ns/a')?.metadata.resourceVersion).toBe('12');
    expect(said()).toEqual([]);
  });

  it('lets nothing that was deleted come back, but a new object of the name', () => {
    const { store, said } = watched();
    store.applyList([thing('a', 5)], '10');
    store.applyDelete(thing('a', 12));
    expect(store.applyWrite(thing('a', 11))).toBe(false);
    store.advance('20');
    expect(store.applyWrite(thing('a', 11))).toBe(false);
    expect(store.applyWrite(thing('a', 19))).toBe(false);
    expect(store.applyWrite(thing('a', 21, { uid: 'another' }))).toBe(true);
    expect(said()).toEqual(['added a@5', 'deleted a@12', 'added a@21']);
  });

  it('deletes what a complete list lacks', () => {
    const { store, said } = watched();
    store.applyList([thing('a', 5), thing('b', 6)], '10');
    said();
    store.applyList([thing('b', 6)], '20');
    expect(said()).toEqual(['deleted a@5']);
  });

  it('distinguishes a recreated object from a changed one', () => {
    const { store, said } = watched();
    store.applyList([thing('a', 5)], '10');
    store.applyWrite(thing('a', 12, { uid: 'another' }));
    expect(said()).toEqual(['added a@5', 'deleted a@5', 'added a@12']);
  });

  it('accepts an older state where the caller asks for it', () => {
    const { store, said } = watched();
    store.applyList([thing('a', 50), thing('b', 51), thing('c', 52)], '60');
    store.applyDelete(thing('c', 61));
    said();
    store.reset([thing('a', 5)], '7');
    expect(said()).toEqual(['updated a@5', 'deleted b@51']);
    expect(store.resourceVersion()).toBe('7');
    expect(store.applyWrite(thing('b', 8))).toBe(true);
    expect(store.applyWrite(thing('c', 9))).toBe(true);
  });

  it('believes a list that is newer than what it holds, also where that list shows an older version', () => {
    const { store, said } = watched();
    store.applyList([thing('a', 50), thing('b', 51)], '60');
    store.applyDelete(thing('b', 61));
    store.applyWrite(thing('d', 90));
    store.applyDelete(thing('e', 91));
    store.advance('62');
    said();
    // Restored from a backup, and gone on since: a consistent list at 80 would have all that was written up to there.
    store.applyList([thing('a', 5), thing('b', 6), thing('c', 70), thing('d', 7), thing('e', 8)], '80');
    expect(said()).toEqual(['updated a@5', 'added b@6', 'added c@70']);
    expect(store.get('ns/d')?.metadata.resourceVersion).toBe('90');
    expect(store.keys().sort()).toEqual(['ns/a', 'ns/b', 'ns/c', 'ns/d']);
    expect(store.applyWrite(thing('a', 81))).toBe(true);
  });

  it('keeps its indexes in step', () => {
    const { store } = watched();
    store.applyList([thing('a', 5, { color: 'red' }), thing('b', 6, { color: 'red' })], '10');
    store.applyWrite(thing('a', 12, { color: 'blue' }));
    expect(store.byIndex('color', 'red').map((t) => t.metadata.name)).toEqual(['b']);
    expect(store.byIndex('color', 'blue').map((t) => t.metadata.name)).toEqual(['a']);
    store.applyDelete(thing('a', 13));
    expect(store.byIndex('color', 'blue')).toEqual([]);
    expect(() => store.byIndex('colour', 'red')).toThrow('no index');
  });

  it('holds objects that no caller can change', () => {
    const { store } = watched();
    store.applyWrite(thing('a', 5));
    const held = store.get('ns/a');
    expect(() => Object.assign(held?.metadata ?? {}, { name: 'b' })).toThrow(TypeError);
  });

  it('is whole when its listeners hear of it, and when one of them throws', () => {
    const store = createStore<Thing>();
    const sizes: number[] = [];
    store.onChange(() => {
      throw new Error('first');
    });
    const leave = store.onChange(() => sizes.push(store.size()));
    expect(() => store.applyList([thing('a', 1), thing('b', 2)], '3')).toThrow(AggregateError);
    expect(sizes).toEqual([2, 2]);
    leave();
    expect(() => store.applyWrite(thing('c', 4))).toThrow(AggregateError);
    expect(sizes).toHaveLength(2);
    expect(store.size()).toBe(3);
  });

  it('ends where the server is, in any order of a history’s news', () => {
    const step = fc.record({ name: fc.constantFrom('a', 'b', 'c'), isDeletion: fc.boolean() });
    const scenario = fc
      .array(step, { minLength: 1, maxLength: 12 })
      .chain((steps) =>
        fc.tuple(
          fc.constant(steps),
          fc.shuffledSubarray(steps.map((_, i) => i)),
          fc.nat({ max: steps.length }),
        ),
      );
    fc.assert(
      fc.property(scenario, ([steps, early, staleAt]) => {
        const { store } = watched();
        const truth = new Map<string, string>();
        const states = [new Map(truth)];
        const news = steps.map(({ name, isDeletion }, i) => {
          const object = thing(name, 11 + i, { uid: `uid-${name}` });
          if (isDeletion) truth.delete(`ns/${name}`);
          else truth.set(`ns/${name}`, object.metadata.resourceVersion);
          states.push(new Map(truth));
          return () => (isDeletion ? store.applyDelete(thing(name, 11 + i)) : store.applyWrite(object));
        });
        const asList = (state: ReadonlyMap<string, string> | undefined) =>
          [...(state ?? [])].map(([key, version]) => thing(key.slice(3), Number(version)));
        store.applyList([], '10');
        // Answers to our own writes, in any order; the watch's events, in theirs; then a list as it was at some time.
        for (const i of early) news[i]?.();
        news.forEach((apply, i) => {
          apply();
          store.advance(String(11 + i));
        });
        store.applyList(asList(states[staleAt]), String(10 + staleAt));
        expect(
          new Map(store.list().map((t) => [`ns/${t.metadata.name}`, t.metadata.resourceVersion])),
        ).toEqual(truth);
      }),
      { numRuns: 500 },
    );
  });
});
