import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { metaOf, objectAt, objectsAt, stringAt } from '../../dev/apiserver/values/json.ts';
import { type Api, generationOf, json, merge, namesOf, versionOf } from './support/api.ts';
import { configMap, configMapsIn, widget, widgetsIn } from './support/kinds.ts';
import { contract } from './support/servers.ts';

const FINALIZER = 'contract.example.com/hold';
const held = { metadata: { finalizers: [FINALIZER] } };

async function untilGone(api: Api, path: string): Promise<void> {
  while ((await api.call('GET', path)).status !== 404) await pause(20);
}

contract('deletion', (api) => {
  test('without finalizers an object is gone at once, and a Status names it', async () => {
    const widgets = widgetsIn(await api.namespace());
    const made = await api.ok('POST', widgets, widget('a'));
    const answer = await api.ok('DELETE', `${widgets}/a`);
    expect(answer).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'a', group: 'contract.example.com', kind: 'widgets', uid: metaOf(made).uid },
    });
    expect((await api.refused('GET', `${widgets}/a`)).code).toBe(404);
    const again = await api.ok('POST', widgets, widget('a'));
    expect(metaOf(again).uid).not.toBe(metaOf(made).uid);
  });

  test('a finalizer holds it: a deletion stamp, another generation, one MODIFIED', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a', {}, held));
    const watch = await api.watch(widgets, { resourceVersion: versionOf(await api.ok('GET', widgets)) });
    const marked = await api.ok('DELETE', `${widgets}/a`);
    expect(marked.kind).toBe('Widget');
    expect(metaOf(marked)).toMatchObject({ deletionGracePeriodSeconds: 0, finalizers: [FINALIZER] });
    expect(stringAt(metaOf(marked), 'deletionTimestamp')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(generationOf(marked)).toBe(2);
    const again = await api.ok('DELETE', `${widgets}/a`);
    expect(versionOf(again)).toBe(versionOf(marked));
    await api.ok('PATCH', `${widgets}/a/status`, { status: { note: 'ending' } }, merge);
    const released = await api.ok('PATCH', `${widgets}/a`, { metadata: { finalizers: null } }, merge);
    expect(metaOf(released).finalizers).toBeUndefined();
    expect((await api.refused('GET', `${widgets}/a`)).code).toBe(404);
    expect(await watch.takeNamed(3)).toEqual(['MODIFIED a', 'MODIFIED a', 'DELETED a']);
    watch.close();
  });

  test('nothing that is being deleted gets another finalizer', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a', {}, held));
    await api.ok('DELETE', `${widgets}/a`);
    const patch = { metadata: { finalizers: [FINALIZER, 'contract.example.com/more'] } };
    expect(await api.refused('PATCH', `${widgets}/a`, patch, merge)).toEqual({
      code: 422,
      reason: 'Invalid',
      causes: ['FieldValueForbidden metadata.finalizers'],
    });
    await api.ok('PATCH', `${widgets}/a`, { metadata: { finalizers: [] } }, merge);
    await untilGone(api, `${widgets}/a`);
  });

  test('a deletion stamp can be neither set nor removed by a write', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a', {}, held));
    const set = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const { code, reason } = await api.refused('PATCH', `${widgets}/a`, set, merge);
    expect([code, reason]).toEqual([422, 'Invalid']);
    const marked = await api.ok('DELETE', `${widgets}/a`);
    const patch = [{ op: 'remove', path: '/metadata/deletionTimestamp' }];
    const kept = await api.ok('PATCH', `${widgets}/a`, patch, json);
    expect(metaOf(kept).deletionTimestamp).toBe(metaOf(marked).deletionTimestamp);
    await api.ok('PATCH', `${widgets}/a`, { metadata: { finalizers: null } }, merge);
  });

  test('a finalizer has a qualified name', async () => {
    const widgets = widgetsIn(await api.namespace());
    const { code, reason, causes } = await api.refused(
      'POST',
      widgets,
      widget('a', {}, { metadata: { finalizers: ['a b'] } }),
    );
    expect([code, reason]).toEqual([422, 'Invalid']);
    expect(causes).toEqual(['FieldValueInvalid metadata.finalizers']);
  });

  test('a collection is deleted by selector', async () => {
    const widgets = widgetsIn(await api.namespace());
    for (const [name, l] of [
      ['a', '1'],
      ['b', '2'],
      ['c', '1'],
    ])
      await api.ok('POST', widgets, widget(String(name), {}, { metadata: { labels: { l: String(l) } } }));
    const gone = await api.ok('DELETE', widgets, undefined, { query: { labelSelector: 'l=1' } });
    expect(namesOf(gone)).toEqual(['a', 'c']);
    expect(namesOf(await api.ok('GET', widgets))).toEqual(['b']);
  });
});

contract('namespaces', (api) => {
  test('one that ends takes everything in it along', async () => {
    const namespace = await api.namespace();
    await api.ok('POST', configMapsIn(namespace), configMap('a'));
    await api.ok('POST', widgetsIn(namespace), widget('a'));
    const ending = await api.ok('DELETE', `/api/v1/namespaces/${namespace}`);
    expect(ending.kind).toBe('Namespace');
    await untilGone(api, `/api/v1/namespaces/${namespace}`);
    expect(namesOf(await api.ok('GET', widgetsIn(namespace)))).toEqual([]);
  });

  test('what holds an object holds its namespace, where meanwhile nothing can be made but all be changed', async () => {
    const namespace = await api.namespace();
    const widgets = widgetsIn(namespace);
    await api.ok('POST', widgets, widget('a', {}, held));
    await api.ok('DELETE', `/api/v1/namespaces/${namespace}`);
    while (metaOf(await api.ok('GET', `${widgets}/a`)).deletionTimestamp === undefined) await pause(20);
    const terminating = await api.ok('GET', `/api/v1/namespaces/${namespace}`);
    expect(objectAt(terminating, 'status').phase).toBe('Terminating');
    expect(metaOf(terminating).deletionTimestamp).toBeDefined();
    expect(await api.refused('POST', widgets, widget('b'))).toEqual({
      code: 403,
      reason: 'Forbidden',
      causes: ['NamespaceTerminating metadata.namespace'],
    });
    const event = { metadata: { name: 'e' }, involvedObject: { namespace, name: 'a', kind: 'Widget' } };
    const refusal = await api.refused('POST', `/api/v1/namespaces/${namespace}/events`, event);
    expect(refusal).toMatchObject({ code: 403, causes: ['NamespaceTerminating metadata.namespace'] });
    await api.ok('PATCH', `${widgets}/a/status`, { status: { note: 'ending' } }, merge);
    await api.ok('PATCH', `${widgets}/a`, { metadata: { finalizers: null } }, merge);
    await untilGone(api, `/api/v1/namespaces/${namespace}`);
  });

  test('kube-system is there, has a uid, and stays', async () => {
    const system = await api.ok('GET', '/api/v1/namespaces/kube-system');
    expect(stringAt(metaOf(system), 'uid')).toMatch(/^[0-9a-f]{8}-/);
    expect(await api.refused('DELETE', '/api/v1/namespaces/kube-system')).toEqual({
      code: 403,
      reason: 'Forbidden',
      causes: [],
    });
  });

  test('a new one is Active, labelled with its name, and held by the namespace controller', async () => {
    const namespace = await api.ok('GET', `/api/v1/namespaces/${await api.namespace()}`);
    expect(namespace).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': metaOf(namespace).name } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
    expect(objectsAt(objectAt(namespace, 'status'), 'conditions')).toEqual([]);
  });
});
