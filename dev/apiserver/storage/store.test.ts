import { expect, test } from 'vitest';
import { CompactedError, createStore } from './store.ts';

const object = (name: string, n: number) => ({ metadata: { name, namespace: 'ns' }, n });
const names = (entries: [string, unknown][]) => entries.map(([key]) => key);

function filled() {
  const store = createStore();
  store.put('k', 'ns/b', object('b', 1));
  const first = store.revision();
  store.put('k', 'ns/a', object('a', 1));
  store.put('k', 'ns/b', object('b', 2));
  store.remove('k', 'ns/a');
  return { store, first };
}

test('a list at an older revision shows the state of then', () => {
  const { store, first } = filled();
  expect(names(store.list('k', first + 1))).toEqual(['ns/a', 'ns/b']);
  expect(store.list('k', first)).toMatchObject([['ns/b', { n: 1 }]]);
  expect(store.list('k')).toMatchObject([['ns/b', { n: 2 }]]);
});

test('every change has a revision of its own, deletions too', () => {
  const { store, first } = filled();
  expect(store.changesAfter('k', first).map(({ revision, type }) => [revision - first, type])).toEqual([
    [1, 'ADDED'],
    [2, 'MODIFIED'],
    [3, 'DELETED'],
  ]);
});

test('what was compacted can be neither listed nor followed; the present can', () => {
  const { store, first } = filled();
  store.compact();
  expect(() => store.list('k', first)).toThrow(CompactedError);
  expect(() => store.changesAfter('k', first)).toThrow(CompactedError);
  expect(store.changesAfter('k', store.revision())).toEqual([]);
  expect(names(store.list('k'))).toEqual(['ns/b']);
});

test('history is bounded, and what falls out of it counts as compacted', () => {
  const store = createStore(10);
  for (let n = 0; n < 100; n += 1) store.put('k', 'ns/a', object('a', n));
  expect(store.compacted()).toBeGreaterThan(80);
  expect(store.changesAfter('k', store.compacted()).length).toBe(store.revision() - store.compacted());
  expect(() => store.changesAfter('k', 50)).toThrow(CompactedError);
});

test('stored objects cannot be changed behind the store’s back', () => {
  const { store } = filled();
  const stored = store.get('k', 'ns/b');
  expect(() => Object.assign(stored ?? {}, { n: 9 })).toThrow(TypeError);
});

test('a dump brings back objects and revision; older history is gone, and listeners hear of it', () => {
  const { store } = filled();
  const dump = structuredClone(store.dump());
  store.put('k', 'ns/c', object('c', 1));
  let resets = 0;
  store.subscribe('k', { change: () => undefined, reset: () => (resets += 1) });
  store.load(dump);
  expect(resets).toBe(1);
  expect(store.revision()).toBe(dump.revision);
  expect(names(store.list('k'))).toEqual(['ns/b']);
  expect(() => store.changesAfter('k', dump.revision - 1)).toThrow(CompactedError);
});
