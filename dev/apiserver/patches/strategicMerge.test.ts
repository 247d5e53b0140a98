import { expect, test } from 'vitest';
import {
  configMap,
  configMapsPath,
  createWidgetApi,
  strategicPatch,
  widget,
  widgetsPath,
} from '../testApi.ts';
import type { JsonObject } from '../values/kinds.ts';
import { strategicMerge } from './strategicMerge.ts';

const rules = {
  byKey: { 'metadata.ownerReferences': 'uid', secrets: 'name' },
  sets: ['metadata.finalizers'],
};
const merge = (target: JsonObject, patch: JsonObject) => strategicMerge(target, patch, rules);

test('maps merge, null removes', () => {
  expect(merge({ data: { a: '1', b: '2' }, x: 1 }, { data: { a: null, c: '3' } })).toEqual({
    data: { b: '2', c: '3' },
    x: 1,
  });
});

test('$patch: replace takes the patch alone, $patch: delete nothing', () => {
  expect(merge({ data: { a: '1' } }, { data: { $patch: 'replace', b: '2' } })).toEqual({ data: { b: '2' } });
  expect(merge({ data: { a: '1' } }, { data: { $patch: 'delete' } })).toEqual({ data: {} });
});

test('$retainKeys drops every other key', () => {
  expect(merge({ data: { a: '1', b: '2' } }, { data: { $retainKeys: ['b', 'c'], c: '3' } })).toEqual({
    data: { b: '2', c: '3' },
  });
});

test('sets gain what they lack; $deleteFromPrimitiveList takes away', () => {
  const target = { metadata: { finalizers: ['a', 'b'] } };
  expect(merge(target, { metadata: { finalizers: ['b', 'c'] } })).toEqual({
    metadata: { finalizers: ['a', 'b', 'c'] },
  });
  expect(merge(target, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } })).toEqual({
    metadata: { finalizers: ['b'] },
  });
});

test('$setElementOrder puts the merged list in order, and what it does not name after its neighbour', () => {
  const patch = { metadata: { '$setElementOrder/finalizers': ['c', 'a'], finalizers: ['c'] } };
  expect(merge({ metadata: { finalizers: ['a', 'x'] } }, patch)).toEqual({
    metadata: { finalizers: ['c', 'a', 'x'] },
  });
});

test('lists of objects merge by their key', () => {
  const target: JsonObject = { secrets: [{ name: 'a', n: 1 }, { name: 'b' }] };
  expect(merge(target, { secrets: [{ name: 'a', m: 2 }, { name: 'c' }] })).toEqual({
    secrets: [{ name: 'a', n: 1, m: 2 }, { name: 'c' }, { name: 'b' }],
  });
  expect(merge(target, { secrets: [{ name: 'a', $patch: 'delete' }] })).toEqual({ secrets: [{ name: 'b' }] });
  expect(merge(target, { secrets: [{ $patch: 'replace' }, { name: 'z' }] })).toEqual({
    secrets: [{ name: 'z' }],
  });
  expect(() => merge(target, { secrets: [{ n: 1 }] })).toThrow('merge key: name');
});

test('a list without a rule is replaced', () => {
  expect(merge({ list: [1, 2] }, { list: [3] })).toEqual({ list: [3] });
});

test('built-in kinds take strategic merge patches, custom resources answer 415', async () => {
  const api = await createWidgetApi();
  await api.ok('POST', configMapsPath, configMap('a'));
  const patch = { metadata: { annotations: { k: 'v' } }, data: { a: null, b: '2' } };
  expect(await api.ok('PATCH', `${configMapsPath}/a`, patch, strategicPatch)).toMatchObject({
    metadata: { annotations: { k: 'v' } },
    data: { b: '2' },
  });
  await api.ok('POST', widgetsPath, widget('a'));
  const refused = await api.call('PATCH', `${widgetsPath}/a`, patch, strategicPatch);
  expect(refused).toMatchObject({
    status: 415,
    body: { message: expect.stringContaining('application/merge-patch+json') },
  });
});
