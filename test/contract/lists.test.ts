import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isObject, metaOf, objectAt, objectsAt, stringAt } from '../../dev/apiserver/values/json.ts';
import { namesOf, versionOf } from './support/api.ts';
import { allWidgets, configMap, configMapsIn, widget, widgetsIn } from './support/kinds.ts';
import { contract } from './support/servers.ts';

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

contract('lists', (api) => {
  test('are in the order of names, with a version that a watch can begin from', async () => {
    const widgets = widgetsIn(await api.namespace());
    for (const name of ['b', 'a-1', 'a', 'c']) await api.ok('POST', widgets, widget(name));
    const list = await api.ok('GET', widgets);
    expect(list).toMatchObject({ kind: 'WidgetList', apiVersion: 'contract.example.com/v1' });
    expect(namesOf(list)).toEqual(['a', 'a-1', 'b', 'c']);
    const versions = objectsAt(list, 'items').map((item) => Number(versionOf(item)));
    expect(Number(versionOf(list))).toBeGreaterThanOrEqual(Math.max(...versions));
  });

  test('an empty list has items, and custom resources name their kind in each', async () => {
    const namespace = await api.namespace();
    expect((await api.ok('GET', widgetsIn(namespace))).items).toEqual([]);
    expect((await api.ok('GET', configMapsIn(namespace))).items).toEqual([]);
    await api.ok('POST', widgetsIn(namespace), widget('a'));
    await api.ok('POST', configMapsIn(namespace), configMap('a'));
    const [item] = objectsAt(await api.ok('GET', widgetsIn(namespace)), 'items');
    expect([item?.kind, item?.apiVersion]).toEqual(['Widget', 'contract.example.com/v1']);
    const [bare] = objectsAt(await api.ok('GET', configMapsIn(namespace)), 'items');
    expect([bare?.kind, bare?.apiVersion]).toEqual([undefined, undefined]);
  });

  test('in pages they show one moment, and what remains', async () => {
    const widgets = widgetsIn(await api.namespace());
    for (const name of ['a', 'b', 'c', 'd', 'e']) await api.ok('POST', widgets, widget(name));
    const first = await api.ok('GET', widgets, undefined, { query: { limit: '2' } });
    expect(namesOf(first)).toEqual(['a', 'b']);
    expect(metaOf(first).remainingItemCount).toBe(3);
    // Made, changed and gone after the first page: the other pages show none of it.
    await api.ok('POST', widgets, widget('bb'));
    await api.ok('DELETE', `${widgets}/e`);
    const token = stringAt(metaOf(first), 'continue');
    const rest = await api.ok('GET', widgets, undefined, { query: { limit: '9', continue: token } });
    expect(namesOf(rest)).toEqual(['c', 'd', 'e']);
    expect(stringAt(metaOf(rest), 'continue')).toBe('');
    expect(versionOf(rest)).toBe(versionOf(first));
  });

  test('a page of selected ones doesn’t say how many remain', async () => {
    const widgets = widgetsIn(await api.namespace());
    for (const name of ['a', 'b', 'c'])
      await api.ok('POST', widgets, widget(name, {}, { metadata: { labels: { l: '1' } } }));
    const page = await api.ok('GET', widgets, undefined, { query: { limit: '1', labelSelector: 'l=1' } });
    expect(stringAt(metaOf(page), 'continue')).not.toBe('');
    expect(metaOf(page).remainingItemCount).toBeUndefined();
  });

  test('a continue token from before history’s beginning is 410, and brings one to go on with', async () => {
    const widgets = widgetsIn(await api.namespace());
    for (const name of ['a', 'b', 'c']) await api.ok('POST', widgets, widget(name));
    const first = await api.ok('GET', widgets, undefined, { query: { limit: '1' } });
    await api.ok('POST', widgets, widget('d'));
    await api.compact();
    const query = { limit: '1', continue: stringAt(metaOf(first), 'continue') };
    let { status, body } = await api.call('GET', widgets, undefined, { query });
    // A cache may serve the old state until it looks at how far history reaches, every 15 s.
    for (; status === 200; { status, body } = await api.call('GET', widgets, undefined, { query }))
      await pause(200);
    expect([status, body.reason, body.kind]).toEqual([410, 'Expired', 'Status']);
    const again = { query: { continue: stringAt(metaOf(body), 'continue') } };
    expect(namesOf(await api.ok('GET', widgets, undefined, again))).toEqual(['b', 'c', 'd']);
  });

  test('a token that the server did not give out is a bad request', async () => {
    const widgets = widgetsIn(await api.namespace());
    const query = { limit: '1', continue: 'bm9uc2Vuc2U' };
    expect(await api.refused('GET', widgets, undefined, { query })).toMatchObject({
      code: 400,
      reason: 'BadRequest',
    });
  });

  test.each([
    ['l=1', ['a', 'c']],
    ['l==1', ['a', 'c']],
    ['l!=1', ['b', 'd']],
    ['l', ['a', 'b', 'c']],
    ['!l', ['d']],
    ['l in (1,3)', ['a', 'c']],
    ['l notin (1)', ['b', 'd']],
    ['l=1,m=2', ['c']],
    ['example.com/x=y', ['d']],
  ])('labelSelector %s', async (labelSelector, names) => {
    const widgets = widgetsIn(await api.namespace());
    const labels = { a: { l: '1' }, b: { l: '2' }, c: { l: '1', m: '2' }, d: { 'example.com/x': 'y' } };
    for (const [name, each] of Object.entries(labels))
      await api.ok('POST', widgets, widget(name, {}, { metadata: { labels: each } }));
    const list = await api.ok('GET', widgets, undefined, { query: { labelSelector } });
    expect(namesOf(list)).toEqual(names);
  });

  test('fieldSelector by name and namespace; other fields of custom resources are refused', async () => {
    const [one, other] = [await api.namespace(), await api.namespace()];
    for (const namespace of [one, other])
      for (const name of ['a', 'b']) await api.ok('POST', widgetsIn(namespace), widget(name));
    const select = (fieldSelector: string) => ({ query: { fieldSelector } });
    expect(namesOf(await api.ok('GET', widgetsIn(one), undefined, select('metadata.name=b')))).toEqual(['b']);
    expect(namesOf(await api.ok('GET', widgetsIn(one), undefined, select('metadata.name!=b')))).toEqual([
      'a',
    ]);
    const both = select(`metadata.name=a,metadata.namespace=${other}`);
    const [found, ...more] = objectsAt(await api.ok('GET', allWidgets, undefined, both), 'items');
    expect([metaOf(found ?? {}).namespace, more]).toEqual([other, []]);
    expect(await api.refused('GET', widgetsIn(one), undefined, select('spec.size=1'))).toMatchObject({
      code: 400,
      reason: 'BadRequest',
    });
  });

  test.each(['l=', '=', 'l in', 'l in (', 'a b', ',', '!'])('a selector like %o', async (labelSelector) => {
    const widgets = widgetsIn(await api.namespace());
    const { status } = await api.call('GET', widgets, undefined, { query: { labelSelector } });
    expect(status).toBe(labelSelector === 'l=' ? 200 : 400);
  });

  test('metadata alone', async () => {
    const widgets = widgetsIn(await api.namespace());
    const made = await api.ok('POST', widgets, widget('a'));
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const list = await api.ok('GET', widgets, undefined, { accept });
    expect(list).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
    const [item, ...more] = objectsAt(list, 'items');
    expect(more).toEqual([]);
    expect(item?.metadata).toEqual(made.metadata);
    expect(item?.spec).toBeUndefined();
    const one = await api.ok('GET', `${widgets}/a`, undefined, {
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    });
    expect(one).toEqual({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: made.metadata,
    });
  });

  test('a version of the future is a timeout that says when to come again', async () => {
    const widgets = widgetsIn(await api.namespace());
    const query = { resourceVersion: '999999999999', resourceVersionMatch: 'NotOlderThan' };
    const { status, body } = await api.call('GET', widgets, undefined, { query });
    expect([status, body.reason]).toEqual([504, 'Timeout']);
    expect(objectsAt(objectAt(body, 'details'), 'causes').map(({ reason }) => reason)).toEqual([
      'ResourceVersionTooLarge',
    ]);
  });
});

contract('tables', (api) => {
  test('have the columns of the definition, with priorities, and a row an object', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a', { size: 3 }));
    await api.ok('POST', widgets, widget('b'));
    const answer = await api.ok('GET', widgets, undefined, { accept: table });
    expect(answer).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(Number(versionOf(answer))).toBeGreaterThan(0);
    const columns = objectsAt(answer, 'columnDefinitions').map(({ name, type, priority }) => [
      name,
      type,
      priority,
    ]);
    expect(columns).toEqual([
      ['Name', 'string', 0],
      ['Size', 'integer', 0],
      ['Color', 'string', 1],
      ['Age', 'date', 0],
    ]);
    const rows = objectsAt(answer, 'rows').map(({ cells }) => cells as unknown[]);
    expect(rows.map((cells) => cells.slice(0, 3))).toEqual([
      ['a', 3, 'red'],
      ['b', 1, 'red'],
    ]);
    expect(rows.map((cells) => String(cells[3]))).toEqual([
      expect.stringMatching(/^\d+s$/),
      expect.stringMatching(/^\d+s$/),
    ]);
  });

  test('carry each object’s metadata, nothing or all of it, as asked', async () => {
    const widgets = widgetsIn(await api.namespace());
    const made = await api.ok('POST', widgets, widget('a'));
    const object = async (includeObject?: string) => {
      const options = { accept: table, ...(includeObject && { query: { includeObject } }) };
      const [row] = objectsAt(await api.ok('GET', widgets, undefined, options), 'rows');
      return row?.object;
    };
    const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: made.metadata };
    expect(await object()).toEqual(partial);
    expect(await object('Object')).toEqual(made);
    const none = await object('None');
    expect(isObject(none) ? none : null).toBe(null);
    const { status } = await api.call('GET', widgets, undefined, {
      accept: table,
      query: { includeObject: 'Some' },
    });
    expect(status).toBe(400);
  });

  test('of one object; errors stay a Status', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a'));
    const one = await api.ok('GET', `${widgets}/a`, undefined, { accept: table });
    expect([one.kind, objectsAt(one, 'rows').length]).toEqual(['Table', 1]);
    const { status, body } = await api.call('GET', `${widgets}/b`, undefined, { accept: table });
    expect([status, body.kind, body.reason]).toEqual([404, 'Status', 'NotFound']);
  });

  test.each([
    ['configmaps', ['Name', 'Data', 'Age']],
    ['secrets', ['Name', 'Type', 'Data', 'Age']],
    ['serviceaccounts', ['Name', 'Age']],
    [
      'events',
      [
        'Last Seen',
        'Type',
        'Reason',
        'Object',
        'Subobject',
        'Source',
        'Message',
        'First Seen',
        'Count',
        'Name',
      ],
    ],
  ])('%s have the columns that kubectl shows', async (plural, names) => {
    const path = `/api/v1/namespaces/${await api.namespace()}/${plural}`;
    const answer = await api.ok('GET', path, undefined, { accept: table });
    expect(objectsAt(answer, 'columnDefinitions').map(({ name }) => name)).toEqual(names);
  });
});
