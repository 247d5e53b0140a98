import { expect, test } from 'vitest';
import { metaOf } from '../../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import { applyAs, generationOf, merge, ownerOf, ownersOf, versionOf } from '../support/api.ts';
import { configMap, configMapsIn, widget, widgetsIn } from '../support/kinds.ts';
import { contract } from '../support/servers.ts';

const data = (name: string, values: JsonObject): JsonObject => configMap(name, {}, values);
const gitops = applyAs('gitops');
const tuner = applyAs('tuner');

contract('server-side apply', (api) => {
  test('creates what isn’t there, changes it, and leaves alone what is as applied', async () => {
    const one = `${widgetsIn(await api.namespace())}/a`;
    const made = await api.call('PATCH', one, widget('a', { size: 2 }), gitops);
    expect([made.status, generationOf(made.body)]).toEqual([201, 1]);
    expect(made.body.spec).toEqual({ size: 2, color: 'red' });
    const changed = await api.call('PATCH', one, widget('a', { size: 3 }), gitops);
    expect([changed.status, generationOf(changed.body)]).toEqual([200, 2]);
    const again = await api.ok('PATCH', one, widget('a', { size: 3 }), gitops);
    expect(versionOf(again)).toBe(versionOf(changed.body));
    expect(again.metadata).toEqual(changed.body.metadata);
  });

  test('an applier owns what it names, and no default', async () => {
    const one = `${widgetsIn(await api.namespace())}/a`;
    const spec = { size: 1, parts: [{ name: 'x' }], labels: { q: '1' }, free: { deep: { a: [1] } } };
    const made = await api.ok('PATCH', one, widget('a', spec, { metadata: { labels: { l: '1' } } }), gitops);
    expect(metaOf(made).managedFields).toEqual([
      ownerOf(made, 'gitops', 'Apply', {
        'f:metadata': { 'f:labels': { 'f:l': {} } },
        'f:spec': {
          'f:size': {},
          'f:parts': { 'k:{"name":"x"}': { '.': {}, 'f:name': {} } },
          'f:labels': { 'f:q': {} },
          'f:free': { 'f:deep': { '.': {}, 'f:a': {} } },
        },
      }),
    ]);
  });

  test('what an applier names no more goes, unless somebody else named it', async () => {
    const one = `${configMapsIn(await api.namespace())}/a`;
    await api.ok('PATCH', one, data('a', { mine: '1', ours: '2' }), gitops);
    await api.ok('PATCH', one, data('a', { ours: '2', theirs: '3' }), tuner);
    const left = await api.ok('PATCH', one, data('a', {}), gitops);
    expect(left.data).toEqual({ ours: '2', theirs: '3' });
    expect(ownersOf(left)['Apply tuner']).toEqual({ 'f:data': { 'f:ours': {}, 'f:theirs': {} } });
    const none = await api.ok('PATCH', one, configMap('a', {}, {}), tuner);
    expect(none.data).toBeUndefined();
  });

  test('dropped metadata goes as well, and the object keeps who it is', async () => {
    const one = `${widgetsIn(await api.namespace())}/a`;
    const labels = {
      metadata: { labels: { l: '1' }, annotations: { a: '1' }, finalizers: ['example.com/f'] },
    };
    const made = await api.ok('PATCH', one, widget('a', {}, labels), gitops);
    await api.ok('PATCH', one, { metadata: { labels: { m: '1' } } }, merge);
    const left = await api.ok('PATCH', one, widget('a'), gitops);
    const { labels: kept, annotations, finalizers, uid } = metaOf(left);
    expect({ kept, annotations, finalizers, uid }).toEqual({
      kept: { m: '1' },
      annotations: undefined,
      finalizers: undefined,
      uid: metaOf(made).uid,
    });
    expect(generationOf(left)).toBe(1);
  });

  test('who drops all the metadata that they applied keeps the object’s name', async () => {
    const one = `${configMapsIn(await api.namespace())}/a`;
    const made = await api.ok('PATCH', one, configMap('a', { labels: { l: '1' } }, { k: '1' }), gitops);
    const left = await api.ok('PATCH', one, data('a', { k: '1' }), gitops);
    const { name, uid, labels } = metaOf(left);
    expect({ name, uid, labels }).toEqual({ name: 'a', uid: metaOf(made).uid, labels: undefined });
  });

  test('lists of type map merge by their keys, others are one value', async () => {
    const one = `${widgetsIn(await api.namespace())}/a`;
    const parts = (...items: JsonObject[]) => widget('a', { parts: items });
    await api.ok('PATCH', one, parts({ name: 'x' }, { name: 'y', weight: 3 }), gitops);
    const both = await api.ok('PATCH', one, parts({ name: 'z' }, { name: 'y' }), tuner);
    expect((both.spec as JsonObject).parts).toEqual([
      { name: 'x', weight: 1 },
      { name: 'z', weight: 1 },
      { name: 'y', weight: 3 },
    ]);
    const fewer = await api.ok('PATCH', one, parts({ name: 'y', weight: 3 }), gitops);
    expect((fewer.spec as JsonObject).parts).toEqual([
      { name: 'z', weight: 1 },
      { name: 'y', weight: 3 },
    ]);
    // The tuner still names y, but not its weight.
    const none = await api.ok('PATCH', one, widget('a'), gitops);
    expect((none.spec as JsonObject).parts).toEqual([
      { name: 'z', weight: 1 },
      { name: 'y', weight: 1 },
    ]);
    const free = (list: number[]) => widget('a', { free: { list } });
    await api.ok('PATCH', one, free([1, 2]), gitops);
    expect(await api.refused('PATCH', one, free([1]), tuner)).toMatchObject({
      causes: ['FieldManagerConflict .spec.free.list'],
    });
  });

  test('a dry run answers as if, and stores nothing', async () => {
    const configMaps = configMapsIn(await api.namespace());
    const dry = applyAs('gitops', { dryRun: 'All' });
    expect(await api.ok('PATCH', `${configMaps}/a`, data('a', { k: '1' }), dry)).toMatchObject({
      data: { k: '1' },
    });
    expect(await api.refused('GET', `${configMaps}/a`)).toMatchObject({ code: 404 });
    await api.ok('PATCH', `${configMaps}/a`, data('a', { k: '1' }), gitops);
    const would = await api.ok('PATCH', `${configMaps}/a`, data('a', { k: '2' }), dry);
    expect(would.data).toEqual({ k: '2' });
    expect((await api.ok('GET', `${configMaps}/a`)).data).toEqual({ k: '1' });
  });

  test('the status is applied on its own, and neither write owns the other’s fields', async () => {
    const one = `${widgetsIn(await api.namespace())}/a`;
    const status = widget('a', { size: 9 }, { status: { note: 'n' } });
    expect(await api.refused('PATCH', `${one}/status`, status, tuner)).toMatchObject({ code: 404 });
    await api.ok('PATCH', one, widget('a', {}, { status: { note: 'ignored' } }), gitops);
    const applied = await api.ok('PATCH', `${one}/status`, status, tuner);
    expect(applied.spec).toEqual({ size: 1, color: 'red' });
    expect(applied.status).toEqual({ observedGeneration: -1, note: 'n' });
    expect(ownersOf(applied)).toEqual({
      'Apply gitops': { 'f:spec': { 'f:size': {} } },
      'Apply tuner status': { 'f:status': { 'f:note': {} } },
    });
    const patched = await api.ok('PATCH', `${one}/status`, { status: { note: 'm' } }, merge);
    expect(generationOf(patched)).toBe(1);
    // Applied again by one who has no part in the status: neither conflict nor change.
    const again = await api.ok('PATCH', one, widget('a'), gitops);
    expect([again.status, versionOf(again)]).toEqual([patched.status, versionOf(patched)]);
  });

  test('rules and defaults hold of what comes of it', async () => {
    const one = `${widgetsIn(await api.namespace())}/a`;
    expect(await api.refused('PATCH', one, widget('a', { size: 1001 }), gitops)).toEqual({
      code: 422,
      reason: 'Invalid',
      causes: ['FieldValueInvalid spec.size'],
    });
    await api.ok('PATCH', one, widget('a', { size: 5, color: 'green' }), gitops);
    expect(await api.refused('PATCH', one, widget('a', { size: 4 }), gitops)).toMatchObject({
      causes: ['FieldValueInvalid spec.size'],
    });
    const back = await api.ok('PATCH', one, widget('a', { size: 5 }), gitops);
    expect(back.spec).toEqual({ size: 5, color: 'red' });
  });
});

contract('configurations that can’t be applied', (api) => {
  test('without a manager, or forced without being applied', async () => {
    const one = `${configMapsIn(await api.namespace())}/a`;
    const { contentType } = gitops;
    expect(await api.refused('PATCH', one, data('a', {}), { contentType })).toEqual({
      code: 422,
      reason: 'Invalid',
      causes: ['FieldValueRequired fieldManager'],
    });
    await api.ok('PATCH', one, data('a', {}), gitops);
    const forced = { ...merge, query: { force: 'true' } };
    expect(await api.refused('PATCH', one, { data: {} }, forced)).toMatchObject({
      causes: ['FieldValueForbidden force'],
    });
    expect(await api.refused('PATCH', one, data('a', {}), applyAs('m'.repeat(129)))).toMatchObject({
      causes: ['FieldValueTooLong fieldManager'],
    });
  });

  test.each([
    ['of another kind', { apiVersion: 'contract.example.com/v1', kind: 'Gadget' }],
    ['of another version', { apiVersion: 'v1', kind: 'Widget' }],
    ['of no kind', { spec: { size: 1 } }],
    ['that brings owners', widget('a', {}, { metadata: { managedFields: [{}] } })],
    ['of another name', widget('b')],
    ['without a name, where there is nothing yet', { ...widget('a'), metadata: {} }],
    ['that is no object', ['a']],
  ])('%s: a bad request', async (_, body) => {
    const one = `${widgetsIn(await api.namespace())}/a`;
    expect(await api.refused('PATCH', one, body, gitops)).toEqual({
      code: 400,
      reason: 'BadRequest',
      causes: [],
    });
  });

  test('of a version or a uid that isn’t there: a conflict', async () => {
    const one = `${widgetsIn(await api.namespace())}/a`;
    const conflict = { code: 409, reason: 'Conflict' };
    const stranger = widget('a', {}, { metadata: { uid: 'f4f3f2f1-0000-4000-8000-000000000000' } });
    expect(await api.refused('PATCH', one, stranger, gitops)).toMatchObject(conflict);
    await api.ok('PATCH', one, widget('a'), gitops);
    const old = widget('a', { size: 2 }, { metadata: { resourceVersion: '1' } });
    expect(await api.refused('PATCH', one, old, gitops)).toMatchObject(conflict);
  });

  test.each([
    ['a field that isn’t declared', { nope: 3 }, '.spec.nope: field not declared in schema'],
    ['a value of another type', { size: 's' }, '.spec.size: expected numeric (int or float), got string'],
    [
      'two items of one key',
      { parts: [{ name: 'x' }, { name: 'x' }] },
      '.spec.parts: duplicate entries for key [name="x"]',
    ],
    ['an item without its key', { parts: [{ weight: 1 }] }, '.spec.parts: element 0: associative list'],
  ])('%s: the server says that it can’t', async (_, spec, message) => {
    const one = `${widgetsIn(await api.namespace())}/a`;
    const refusal = await api.refusedSaying('PATCH', one, widget('a', spec), gitops);
    expect([refusal.code, refusal.reason]).toEqual([500, '']);
    expect(refusal.message).toContain(message);
  });
});
