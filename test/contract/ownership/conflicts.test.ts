import { expect, test } from 'vitest';
import { metaOf } from '../../../dev/apiserver/values/json.ts';
import { json, merge, strategic, versionOf } from '../support/api.ts';
import { configMap, configMapsIn, widget, widgetsIn } from '../support/kinds.ts';
import { contract } from '../support/servers.ts';

const conflict = { code: 409, reason: 'Conflict', causes: [] };

contract('conflicts', (api) => {
  test('a second object of the same name is AlreadyExists', async () => {
    const namespace = await api.namespace();
    const widgets = widgetsIn(namespace);
    await api.ok('POST', widgets, widget('a'));
    expect(await api.refused('POST', widgets, widget('a'))).toEqual({ ...conflict, reason: 'AlreadyExists' });
    await api.ok('POST', configMapsIn(namespace), configMap('a'));
    expect(await api.refused('POST', configMapsIn(namespace), configMap('a'))).toEqual({
      ...conflict,
      reason: 'AlreadyExists',
    });
  });

  test('a write from an older version is refused, of every kind', async () => {
    const widgets = widgetsIn(await api.namespace());
    const old = await api.ok('POST', widgets, widget('a'));
    await api.ok('PATCH', `${widgets}/a`, { spec: { size: 2 } }, merge);
    const { resourceVersion } = metaOf(old);
    expect(await api.refused('PUT', `${widgets}/a`, old)).toEqual(conflict);
    expect(await api.refused('PUT', `${widgets}/a/status`, old)).toEqual(conflict);
    const patch = { metadata: { resourceVersion }, spec: { size: 3 } };
    expect(await api.refused('PATCH', `${widgets}/a`, patch, merge)).toEqual(conflict);
    const status = { metadata: { resourceVersion }, status: { note: 'n' } };
    expect(await api.refused('PATCH', `${widgets}/a/status`, status, merge)).toEqual(conflict);
    // Even one that would change nothing.
    expect(await api.refused('PATCH', `${widgets}/a`, { metadata: { resourceVersion } }, merge)).toEqual(
      conflict,
    );
  });

  test('a patch with the present version is a compare-and-swap that wins once', async () => {
    const widgets = widgetsIn(await api.namespace());
    const made = await api.ok('POST', widgets, widget('a'));
    const swap = (note: string) =>
      api.call(
        'PATCH',
        `${widgets}/a/status`,
        { metadata: { resourceVersion: versionOf(made) }, status: { note } },
        merge,
      );
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map(swap));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
  });

  test('a custom resource’s PUT without a version is invalid; a ConfigMap’s replaces', async () => {
    const namespace = await api.namespace();
    await api.ok('POST', widgetsIn(namespace), widget('a'));
    expect(await api.refused('PUT', `${widgetsIn(namespace)}/a`, widget('a', { size: 2 }))).toEqual({
      code: 422,
      reason: 'Invalid',
      causes: ['FieldValueInvalid metadata.resourceVersion'],
    });
    await api.ok('POST', configMapsIn(namespace), configMap('a'));
    const replaced = await api.ok('PUT', `${configMapsIn(namespace)}/a`, configMap('a', {}, { b: '2' }));
    expect(replaced.data).toEqual({ b: '2' });
  });

  test('a version at creation is refused', async () => {
    const widgets = widgetsIn(await api.namespace());
    const body = widget('a', {}, { metadata: { resourceVersion: '1' } });
    expect((await api.call('POST', widgets, body)).status).toBe(500);
  });

  test('a deletion of another uid, or of an older version, is refused', async () => {
    const widgets = widgetsIn(await api.namespace());
    const made = await api.ok('POST', widgets, widget('a'));
    await api.ok('PATCH', `${widgets}/a`, { spec: { size: 2 } }, merge);
    const remove = (preconditions: object) =>
      api.refused('DELETE', `${widgets}/a`, { kind: 'DeleteOptions', apiVersion: 'v1', preconditions });
    expect(await remove({ uid: 'another' })).toEqual(conflict);
    expect(await remove({ resourceVersion: versionOf(made) })).toEqual(conflict);
    await api.ok('GET', `${widgets}/a`);
  });

  test('what isn’t there is NotFound, for each verb', async () => {
    const widgets = widgetsIn(await api.namespace());
    const missing = { code: 404, reason: 'NotFound', causes: [] };
    expect(await api.refused('GET', `${widgets}/no`)).toEqual(missing);
    expect(await api.refused('PATCH', `${widgets}/no`, {}, merge)).toEqual(missing);
    expect(await api.refused('DELETE', `${widgets}/no`)).toEqual(missing);
    expect(await api.refused('POST', widgetsIn('no-such-namespace'), widget('a'))).toEqual(missing);
    const full = widget('no', {}, { metadata: { resourceVersion: '1' } });
    expect((await api.refused('PUT', `${widgets}/no`, full)).code).toBe(404);
  });
});

contract('patches', (api) => {
  test('a merge patch sets, keeps, and removes by null; lists are replaced whole', async () => {
    const widgets = widgetsIn(await api.namespace());
    const spec = { labels: { a: '1', b: '2' }, parts: [{ name: 'x' }, { name: 'y' }] };
    await api.ok('POST', widgets, widget('a', spec));
    const patch = { spec: { labels: { a: null, c: '3' }, parts: [{ name: 'z' }] } };
    const patched = await api.ok('PATCH', `${widgets}/a`, patch, merge);
    expect(patched.spec).toEqual({
      size: 1,
      color: 'red',
      labels: { b: '2', c: '3' },
      parts: [{ name: 'z', weight: 1 }],
    });
  });

  test('a defaulted field that is removed comes back', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a', { color: 'green' }));
    const patched = await api.ok('PATCH', `${widgets}/a`, { spec: { color: null } }, merge);
    expect(patched.spec).toEqual({ size: 1, color: 'red' });
  });

  test('a JSON patch does all or nothing, and its test is a precondition', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a'));
    const operations = (tested: number) => [
      { op: 'test', path: '/spec/size', value: tested },
      { op: 'replace', path: '/spec/size', value: 5 },
      { op: 'add', path: '/metadata/labels', value: { l: '1' } },
    ];
    expect((await api.refused('PATCH', `${widgets}/a`, operations(2), json)).code).toBe(422);
    const patched = await api.ok('PATCH', `${widgets}/a`, operations(1), json);
    expect(patched).toMatchObject({ spec: { size: 5 }, metadata: { labels: { l: '1' } } });
    const missing = [{ op: 'remove', path: '/spec/code' }];
    expect((await api.refused('PATCH', `${widgets}/a`, missing, json)).code).toBe(422);
  });

  test('a JSON patch that adds to an annotation with a slash in its key', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a', {}, { metadata: { annotations: { k: 'v' } } }));
    const add = [{ op: 'add', path: '/metadata/annotations/example.com~1x', value: 'y' }];
    const patched = await api.ok('PATCH', `${widgets}/a`, add, json);
    expect(metaOf(patched).annotations).toEqual({ k: 'v', 'example.com/x': 'y' });
  });

  test('custom resources take no strategic merge patch; ConfigMaps do', async () => {
    const namespace = await api.namespace();
    await api.ok('POST', widgetsIn(namespace), widget('a'));
    const refusal = await api.refused('PATCH', `${widgetsIn(namespace)}/a`, { spec: { size: 2 } }, strategic);
    expect(refusal).toEqual({ code: 415, reason: 'UnsupportedMediaType', causes: [] });
    await api.ok('POST', configMapsIn(namespace), configMap('a'));
    const patched = await api.ok('PATCH', `${configMapsIn(namespace)}/a`, { data: { b: '2' } }, strategic);
    expect(patched.data).toEqual({ a: '1', b: '2' });
  });

  test('what is no patch is a bad request', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a'));
    const bad = { code: 400, reason: 'BadRequest', causes: [] };
    expect(await api.refused('PATCH', `${widgets}/a`, { op: 'add' }, json)).toEqual(bad);
    expect(await api.refused('PATCH', `${widgets}/a`, ['x'], merge)).toEqual(bad);
  });

  test('a PUT says what it replaces by name', async () => {
    const configMaps = configMapsIn(await api.namespace());
    await api.ok('POST', configMaps, configMap('a'));
    const { metadata: _, ...nameless } = configMap('a');
    const badRequest = { code: 400, reason: 'BadRequest', causes: [] };
    expect(await api.refused('PUT', `${configMaps}/a`, nameless)).toEqual(badRequest);
    expect(await api.refused('PUT', `${configMaps}/a`, configMap('b'))).toEqual(badRequest);
    expect(await api.refused('PATCH', `${configMaps}/a`, { metadata: { name: null } }, merge)).toEqual(
      badRequest,
    );
  });

  test('a patch can rename or move nothing', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a'));
    const bad = { code: 400, reason: 'BadRequest', causes: [] };
    expect(await api.refused('PATCH', `${widgets}/a`, { metadata: { name: 'b' } }, merge)).toEqual(bad);
    expect(await api.refused('PATCH', `${widgets}/a`, { metadata: { namespace: 'b' } }, merge)).toEqual(bad);
  });

  test('the last of many patches in flight on different fields loses none of them', async () => {
    const configMaps = configMapsIn(await api.namespace());
    await api.ok('POST', configMaps, configMap('a', {}, {}));
    const keys = Array.from({ length: 8 }, (_, index) => `k${index}`);
    await Promise.all(keys.map((key) => api.ok('PATCH', `${configMaps}/a`, { data: { [key]: '1' } }, merge)));
    const { data } = await api.ok('GET', `${configMaps}/a`);
    expect(Object.keys(data as object).sort()).toEqual(keys);
  });
});
