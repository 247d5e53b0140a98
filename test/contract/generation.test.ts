import { expect, test } from 'vitest';
import { metaOf } from '../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';
import { type Api, generationOf, json, merge, versionOf } from './support/api.ts';
import { configMap, configMapsIn, widget, widgetsIn } from './support/kinds.ts';
import { contract } from './support/servers.ts';

/** One that was written once since it was made, and so is stored as it is shown. */
async function settledWidget(api: Api, widgets: string): Promise<JsonObject> {
  await api.ok('POST', widgets, widget('a'));
  return api.ok('PATCH', `${widgets}/a/status`, { status: { note: 'n' } }, merge);
}

contract('generation and status', (api) => {
  test('a new object has generation 1, defaults, and no status but its default', async () => {
    const widgets = widgetsIn(await api.namespace());
    const made = await api.ok('POST', widgets, widget('a', {}, { status: { note: 'mine' } }));
    expect(generationOf(made)).toBe(1);
    expect(made.spec).toEqual({ size: 1, color: 'red' });
    expect(made.status).toEqual({ observedGeneration: -1 });
  });

  test('a change of spec raises the generation and leaves the status', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a'));
    await api.ok('PATCH', `${widgets}/a/status`, { status: { observedGeneration: 1, note: 'n' } }, merge);
    const patch = { spec: { size: 2 }, status: { note: 'x' } };
    const changed = await api.ok('PATCH', `${widgets}/a`, patch, merge);
    expect(generationOf(changed)).toBe(2);
    expect(changed.status).toEqual({ observedGeneration: 1, note: 'n' });
  });

  test('a change of status leaves the generation, the spec and the labels', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a'));
    const patch = { metadata: { labels: { l: '1' } }, spec: { size: 9 }, status: { note: 'n' } };
    const changed = await api.ok('PATCH', `${widgets}/a/status`, patch, merge);
    expect(generationOf(changed)).toBe(1);
    expect(changed.spec).toEqual({ size: 1, color: 'red' });
    expect(metaOf(changed).labels).toBeUndefined();
    expect(changed.status).toEqual({ observedGeneration: -1, note: 'n' });
  });

  test('a change of metadata leaves the generation and makes a new version', async () => {
    const widgets = widgetsIn(await api.namespace());
    const made = await api.ok('POST', widgets, widget('a'));
    const labelled = await api.ok('PATCH', `${widgets}/a`, { metadata: { labels: { l: '1' } } }, merge);
    expect(generationOf(labelled)).toBe(1);
    expect(Number(versionOf(labelled))).toBeGreaterThan(Number(versionOf(made)));
  });

  test('a status that is set to null, or left out of a PUT, comes back as its default', async () => {
    const widgets = widgetsIn(await api.namespace());
    const made = await api.ok('POST', widgets, widget('a'));
    await api.ok('PATCH', `${widgets}/a/status`, { status: { observedGeneration: 1, note: 'n' } }, merge);
    const nulled = await api.ok('PATCH', `${widgets}/a/status`, { status: null }, merge);
    expect(nulled.status).toEqual({ observedGeneration: -1 });
    await api.ok('PATCH', `${widgets}/a/status`, { status: { note: 'again' } }, merge);
    const { status: _, ...bare } = made;
    const current = await api.ok('GET', `${widgets}/a`);
    const body = { ...bare, metadata: { ...metaOf(bare), resourceVersion: versionOf(current) } };
    const put = await api.ok('PUT', `${widgets}/a/status`, body);
    expect(put.status).toEqual({ observedGeneration: -1 });
  });

  test('what the server owns in the metadata can be neither made up nor changed', async () => {
    const widgets = widgetsIn(await api.namespace());
    const own = { uid: 'mine', generation: 7, creationTimestamp: '2001-01-01T00:00:00Z' };
    const made = await api.ok('POST', widgets, widget('a', {}, { metadata: own }));
    expect(metaOf(made).uid).not.toBe('mine');
    expect(generationOf(made)).toBe(1);
    expect(metaOf(made).creationTimestamp).not.toBe(own.creationTimestamp);
    const kept = await api.ok('PATCH', `${widgets}/a`, { metadata: { generation: 9 } }, merge);
    expect(generationOf(kept)).toBe(1);
    expect(await api.refused('PATCH', `${widgets}/a`, { metadata: { uid: 'other' } }, merge)).toEqual({
      code: 422,
      reason: 'Invalid',
      causes: ['FieldValueInvalid metadata.uid'],
    });
    const other = { ...kept, metadata: { ...metaOf(kept), uid: 'other' } };
    expect(await api.refused('PUT', `${widgets}/a`, other)).toMatchObject({ code: 409, reason: 'Conflict' });
  });

  test('generateName is completed, and stays', async () => {
    const widgets = widgetsIn(await api.namespace());
    const { metadata: _, ...body } = widget('x');
    const made = await api.ok('POST', widgets, { ...body, metadata: { generateName: 'some-' } });
    expect(metaOf(made).name).toMatch(/^some-[a-z0-9]{5}$/);
    expect(metaOf(made).generateName).toBe('some-');
  });
});

contract('writes that change nothing', (api) => {
  test('the first write to an object with a defaulted status stores the default, and so makes a version', async () => {
    const widgets = widgetsIn(await api.namespace());
    const made = await api.ok('POST', widgets, widget('a'));
    const stored = await api.ok('PATCH', `${widgets}/a`, {}, merge);
    expect([stored.status, generationOf(stored)]).toEqual([made.status, 1]);
    expect(Number(versionOf(stored))).toBeGreaterThan(Number(versionOf(made)));
  });

  test.each([
    ['a merge patch', 'PATCH', { spec: { size: 1 } }, merge, ''],
    ['an empty merge patch', 'PATCH', {}, merge, ''],
    ['a JSON patch', 'PATCH', [{ op: 'replace', path: '/spec/size', value: 1 }], json, ''],
    ['a status patch', 'PATCH', { status: { observedGeneration: -1 } }, merge, '/status'],
  ] as const)('%s keeps the resourceVersion', async (_, method, patch, type, subresource) => {
    const widgets = widgetsIn(await api.namespace());
    const made = await settledWidget(api, widgets);
    const same = await api.ok(method, `${widgets}/a${subresource}`, patch, type);
    expect(versionOf(same)).toBe(versionOf(made));
  });

  test('a PUT of what is there keeps the resourceVersion', async () => {
    const namespace = await api.namespace();
    const made = await settledWidget(api, widgetsIn(namespace));
    expect(versionOf(await api.ok('PUT', `${widgetsIn(namespace)}/a`, made))).toBe(versionOf(made));
    const plain = await api.ok('POST', configMapsIn(namespace), configMap('a'));
    expect(versionOf(await api.ok('PUT', `${configMapsIn(namespace)}/a`, plain))).toBe(versionOf(plain));
  });

  test('a dry run answers as if, and stores nothing', async () => {
    const widgets = widgetsIn(await api.namespace());
    const made = await api.ok('POST', widgets, widget('a'));
    const query = { dryRun: 'All' };
    const would = await api.ok('PATCH', `${widgets}/a`, { spec: { size: 2 } }, { ...merge, query });
    expect([generationOf(would), versionOf(would)]).toEqual([2, versionOf(made)]);
    await api.ok('POST', widgets, widget('b'), { query });
    await api.ok('DELETE', `${widgets}/a`, undefined, { query });
    expect(await api.ok('GET', `${widgets}/a`)).toMatchObject({ spec: { size: 1 } });
    expect(await api.refused('GET', `${widgets}/b`)).toEqual({ code: 404, reason: 'NotFound', causes: [] });
  });
});
