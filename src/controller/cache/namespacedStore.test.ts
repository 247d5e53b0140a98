import { expect, test } from 'vitest';
import type { KubeObject } from '../client/client.ts';
import { createNamespacedStore } from './namespacedStore.ts';

interface Thing extends KubeObject {
  color: string;
}

function thing(key: string, version: number, color = 'red'): Thing {
  const [namespace = '', name = ''] = key.split('/');
  return { metadata: { namespace, name, uid: `uid-${key}`, resourceVersion: String(version) }, color };
}

function setUp() {
  const { store, parts } = createNamespacedStore<Thing>(['a', 'b'], {
    indexes: { color: ({ color }) => [color] },
  });
  const said: string[] = [];
  store.onChange(({ type, object }) => {
    // An index that lagged behind would hide it from who looks now.
    const seen = store.byIndex('color', object.color).map(({ metadata }) => metadata.name);
    said.push(`${type} ${object.metadata.namespace}/${object.metadata.name} ${seen.join()}`);
  });
  const part = (namespace: string) => {
    const found = parts.get(namespace);
    if (!found) throw new Error(`no part ${namespace}`);
    return found;
  };
  return { store, part, said };
}

test('a list of one namespace deletes nothing of another', () => {
  const { store, part, said } = setUp();
  part('a').applyList([thing('a/x', 5)], '10');
  part('b').applyList([thing('b/y', 6)], '20');
  part('a').applyList([], '30');
  expect(store.keys()).toEqual(['b/y']);
  expect(said).toEqual(['added a/x x', 'added b/y x,y', 'deleted a/x y']);
  expect(store.get('b/y')?.metadata.resourceVersion).toBe('6');
  expect(store.list()).toHaveLength(store.size());
});

test('how far one namespace has been read says nothing of another', () => {
  const { store, part } = setUp();
  part('b').applyList([], '100');
  // Below what b has read: a has not been listed, and its write is news.
  expect(store.applyWrite(thing('a/x', 50))).toBe(true);
  expect(store.get('a/x')?.metadata.resourceVersion).toBe('50');
  expect(part('a').resourceVersion()).toBeUndefined();
});

test('what is in no namespace of the list is not taken', () => {
  const { store, said } = setUp();
  expect(store.applyWrite(thing('c/x', 5))).toBe(false);
  expect(store.applyDelete(thing('__proto__/x', 5))).toBe(false);
  expect(store.get('constructor/x')).toBeUndefined();
  expect(said).toEqual([]);
});
