import { expect, test } from 'vitest';
import { metaOf, objectsAt } from '../../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import { applyAs, json, merge, ownerOf, ownersOf, versionOf } from '../support/api.ts';
import { configMap, configMapsIn, widget, widgetsIn } from '../support/kinds.ts';
import { contract } from '../support/servers.ts';

const data = (values: JsonObject): JsonObject => configMap('a', {}, values);
const by = (fieldManager: string, options = {}) => ({ ...options, query: { fieldManager } });

contract('conflicts', (api) => {
  test('name each field and who owns it, applier or updater', async () => {
    const configMaps = configMapsIn(await api.namespace());
    await api.ok('PATCH', `${configMaps}/a`, data({ a: '1', b: '1' }), applyAs('gitops'));
    expect(await api.refusedSaying('PATCH', `${configMaps}/a`, data({ a: '2' }), applyAs('tuner'))).toEqual({
      code: 409,
      reason: 'Conflict',
      causes: ['FieldManagerConflict .data.a'],
      message: 'Apply failed with 1 conflict: conflict with "gitops": .data.a',
      says: ['conflict with "gitops"'],
    });
    await api.ok('PATCH', `${configMaps}/a`, { data: { c: '1' } }, by('hand', merge));
    const many = data({ a: '2', b: '2', c: '2' });
    expect(await api.refusedSaying('PATCH', `${configMaps}/a`, many, applyAs('tuner'))).toMatchObject({
      causes: ['.data.a', '.data.b', '.data.c'].map((field) => `FieldManagerConflict ${field}`),
      message:
        'Apply failed with 3 conflicts: conflicts with "gitops":\n- .data.a\n- .data.b\nconflicts with "hand" using v1:\n- .data.c',
    });
    expect((await api.ok('GET', `${configMaps}/a`)).data).toEqual({ a: '1', b: '1', c: '1' });
  });

  test('name an item by its key, and a status by its subresource', async () => {
    const one = `${widgetsIn(await api.namespace())}/a`;
    await api.ok('PATCH', one, widget('a', { parts: [{ name: 'x', weight: 1 }] }), applyAs('gitops'));
    const other = widget('a', { parts: [{ name: 'x', weight: 2 }] });
    expect(await api.refusedSaying('PATCH', one, other, applyAs('tuner'))).toMatchObject({
      message: 'Apply failed with 1 conflict: conflict with "gitops": .spec.parts[name="x"].weight',
    });
    await api.ok('PATCH', `${one}/status`, { status: { note: 'n' } }, by('operator', merge));
    const status = widget('a', {}, { status: { note: 'm' } });
    expect(await api.refusedSaying('PATCH', `${one}/status`, status, applyAs('tuner'))).toMatchObject({
      message:
        'Apply failed with 1 conflict: conflict with "operator" with subresource "status" using contract.example.com/v1: .status.note',
    });
  });

  test('are none where the value is the same: it is owned by both', async () => {
    const one = `${configMapsIn(await api.namespace())}/a`;
    await api.ok('PATCH', one, data({ a: '1' }), applyAs('gitops'));
    const shared = await api.ok('PATCH', one, data({ a: '1' }), applyAs('tuner'));
    const fields = { 'f:data': { 'f:a': {} } };
    expect(ownersOf(shared)).toEqual({ 'Apply gitops': fields, 'Apply tuner': fields });
    // One that changed nothing has no time yet.
    const timed = objectsAt(metaOf(shared), 'managedFields').map(({ manager, time }) => [
      manager,
      typeof time,
    ]);
    expect(timed).toEqual([
      ['tuner', 'undefined'],
      ['gitops', 'string'],
    ]);
  });

  test('give way to force, and the field changes hands', async () => {
    const one = `${configMapsIn(await api.namespace())}/a`;
    await api.ok('PATCH', one, data({ a: '1', b: '1' }), applyAs('gitops'));
    const forced = await api.ok('PATCH', one, data({ a: '2' }), applyAs('tuner', { force: 'true' }));
    expect(ownersOf(forced)).toEqual({
      'Apply gitops': { 'f:data': { 'f:b': {} } },
      'Apply tuner': { 'f:data': { 'f:a': {} } },
    });
    expect(await api.refused('PATCH', one, data({ a: '1', b: '1' }), applyAs('gitops'))).toMatchObject({
      causes: ['FieldManagerConflict .data.a'],
    });
  });
});

contract('who updates', (api) => {
  test('owns all that it made, defaults and the way to them included', async () => {
    const widgets = widgetsIn(await api.namespace());
    const body = widget('a', { parts: [{ name: 'x' }], labels: { q: '1' } }, { status: { note: 'n' } });
    const made = await api.ok('POST', widgets, body, by('maker'));
    expect(metaOf(made).managedFields).toEqual([
      ownerOf(made, 'maker', 'Update', {
        'f:spec': {
          '.': {},
          'f:size': {},
          'f:color': {},
          'f:labels': { '.': {}, 'f:q': {} },
          'f:parts': { '.': {}, 'k:{"name":"x"}': { '.': {}, 'f:name': {}, 'f:weight': {} } },
        },
      }),
    ]);
  });

  test('owns what it changed, and takes it from its owner before', async () => {
    const one = `${configMapsIn(await api.namespace())}/a`;
    await api.ok('PATCH', one, data({ a: '1', b: '1' }), applyAs('gitops'));
    const patched = await api.ok('PATCH', one, { data: { a: '2', b: '1', c: null } }, by('hand', merge));
    expect(ownersOf(patched)).toEqual({
      'Apply gitops': { 'f:data': { 'f:b': {} } },
      'Update hand': { 'f:data': { 'f:a': {} } },
    });
    const { data: _, ...bare } = patched;
    const put = await api.ok('PUT', one, { ...bare, data: { b: '1' } }, by('editor'));
    expect(ownersOf(put)).toEqual({ 'Apply gitops': { 'f:data': { 'f:b': {} } } });
  });

  test('is named by its user agent where it names no manager', async () => {
    const configMaps = configMapsIn(await api.namespace());
    const made = await api.ok('POST', configMaps, data({ a: '1' }));
    expect(Object.keys(ownersOf(made))).toEqual(['Update node-controller']);
  });

  test.each([
    ['labels and annotations', { labels: { l: '1' }, annotations: { a: '1' } }],
    ['finalizers', { finalizers: ['example.com/f'] }],
  ])('%s are owned one by one', async (_, metadata) => {
    const configMaps = configMapsIn(await api.namespace());
    const made = await api.ok('POST', configMaps, configMap('a', metadata, {}), by('maker'));
    const steps: JsonObject = {
      labels: { '.': {}, 'f:l': {} },
      annotations: { '.': {}, 'f:a': {} },
      finalizers: { '.': {}, 'v:"example.com/f"': {} },
    };
    const fields = Object.keys(metadata).map((name) => [`f:${name}`, steps[name] ?? {}]);
    expect(ownersOf(made)).toEqual({ 'Update maker': { 'f:metadata': Object.fromEntries(fields) } });
  });

  test('changes no owner and no time by a write that changes nothing', async () => {
    const one = `${configMapsIn(await api.namespace())}/a`;
    const made = await api.ok('PATCH', one, data({ a: '1' }), applyAs('gitops'));
    const same = await api.ok('PATCH', one, { data: { a: '1' } }, by('hand', merge));
    expect(same).toEqual(made);
  });

  test('writes of built-in kinds name theirs as well', async () => {
    const namespace = await api.namespace();
    const space = await api.ok('GET', `/api/v1/namespaces/${namespace}`);
    const label = { 'f:labels': { '.': {}, 'f:kubernetes.io/metadata.name': {} } };
    expect(ownersOf(space)).toMatchObject({});
    const named = `${namespace}-b`;
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: named } };
    const other = await api.ok('POST', '/api/v1/namespaces', body, by('maker'));
    expect(ownersOf(other)).toEqual({ 'Update maker': { 'f:metadata': label } });
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' } };
    const held = await api.ok('POST', leases, { ...lease, spec: { holderIdentity: 'one' } }, by('maker'));
    expect(ownersOf(held)).toEqual({ 'Update maker': { 'f:spec': { 'f:holderIdentity': {} } } });
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } };
    const secrets = `/api/v1/namespaces/${namespace}/secrets`;
    const kept = await api.ok('POST', secrets, { ...secret, stringData: { k: 'v' } }, by('maker'));
    expect(ownersOf(kept)).toEqual({ 'Update maker': { 'f:data': { '.': {}, 'f:k': {} }, 'f:type': {} } });
  });
});

contract('owners of built-in kinds', (api) => {
  test('stringData is an applier’s own field, and what it became stays when it is applied no more', async () => {
    const one = `/api/v1/namespaces/${await api.namespace()}/secrets/s`;
    const secret = (rest: JsonObject) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      ...rest,
    });
    const gitops = applyAs('gitops');
    const made = await api.ok('PATCH', one, secret({ stringData: { a: 'x' }, data: { b: 'eA==' } }), gitops);
    expect(made).toMatchObject({ data: { a: 'eA==', b: 'eA==' }, type: 'Opaque' });
    expect(ownersOf(made)).toEqual({
      'Apply gitops': { 'f:data': { 'f:b': {} }, 'f:stringData': { 'f:a': {} } },
    });
    const changed = await api.ok('PATCH', one, secret({ stringData: { a: 'y' } }), gitops);
    expect(changed.data).toEqual({ a: 'eQ==' });
    const other = await api.ok('PATCH', one, secret({ data: { c: 'eA==' } }), gitops);
    expect(other.data).toEqual({ a: 'eQ==', c: 'eA==' });
    expect(ownersOf(other)).toEqual({ 'Apply gitops': { 'f:data': { 'f:c': {} } } });
  });

  test('an event’s references are owned as a whole, in the words of its version', async () => {
    const namespace = await api.namespace();
    const events = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'e' },
      regarding: { kind: 'Widget', namespace, name: 'a' },
      reason: 'Launching',
      action: 'Launch',
      type: 'Normal',
      note: 'n',
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.com/operator',
      reportingInstance: 'one',
    };
    await api.ok('POST', events, event, by('operator'));
    const series = { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' };
    const patched = await api.ok('PATCH', `${events}/e`, { series }, by('operator', merge));
    const fields = ['action', 'eventTime', 'note', 'reason', 'regarding', 'type'];
    const own = [...fields, 'reportingController', 'reportingInstance'].map((name) => [`f:${name}`, {}]);
    expect(ownersOf(patched)).toEqual({
      'Update operator': {
        ...Object.fromEntries(own),
        'f:series': { '.': {}, 'f:count': {}, 'f:lastObservedTime': {} },
      },
    });
  });
});

contract('the list of owners', (api) => {
  const owners = (...managedFields: JsonObject[]) => ({ metadata: { managedFields } });
  const entry = { operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1' };

  test('is cleared by one empty entry, stays clear, and begins again with an apply', async () => {
    const one = `${configMapsIn(await api.namespace())}/a`;
    await api.ok('PATCH', one, data({ a: '1' }), applyAs('gitops'));
    const cleared = await api.ok('PATCH', one, owners({}), merge);
    expect(metaOf(cleared).managedFields).toBeUndefined();
    const untracked = await api.ok('PATCH', one, { data: { b: '1' } }, merge);
    expect(metaOf(untracked).managedFields).toBeUndefined();
    const again = await api.ok('PATCH', one, data({ a: '1' }), applyAs('gitops'));
    expect(ownersOf(again)).toEqual({
      'Apply gitops': { 'f:data': { 'f:a': {} } },
      'Update before-first-apply': { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } },
    });
  });

  test('can be written, and one that can’t be read counts for nothing', async () => {
    const one = `${configMapsIn(await api.namespace())}/a`;
    const made = await api.ok('PATCH', one, data({ a: '1' }), applyAs('gitops'));
    const list = [{ ...entry, manager: 'other', fieldsV1: { 'f:data': { 'f:a': {} } } }];
    const replace = [{ op: 'replace', path: '/metadata/managedFields', value: list }];
    const moved = await api.ok('PATCH', one, replace, json);
    expect(ownersOf(moved)).toEqual({ 'Apply other': { 'f:data': { 'f:a': {} } } });
    expect(Number(versionOf(moved))).toBeGreaterThan(Number(versionOf(made)));
    for (const bad of [
      { ...entry, operation: 'Guess' },
      { ...entry, fieldsType: 'FieldsV2', fieldsV1: {} },
    ]) {
      const same = await api.ok('PATCH', one, owners(bad), merge);
      expect(metaOf(same).managedFields).toEqual(metaOf(moved).managedFields);
    }
  });

  test('grows no further than ten updaters: the oldest become one', async () => {
    const one = `${configMapsIn(await api.namespace())}/a`;
    await api.ok('PATCH', one, data({}), applyAs('gitops'));
    for (let n = 10; n < 23; n += 1) {
      await api.ok('PATCH', one, { data: { [`k${n}`]: '1' } }, by(`m${n}`, merge));
    }
    const names = Object.keys(ownersOf(await api.ok('GET', one))).filter((name) => name.startsWith('Update'));
    expect(names).toHaveLength(10);
    expect(names).toContain('Update ancient-changes');
  });
});

contract('kubectl’s way from client-side to server-side apply', (api) => {
  const LAST = 'kubectl.kubernetes.io/last-applied-configuration';
  const lastOf = (values: JsonObject): string => JSON.stringify(data(values));

  test('what its annotation shows to be its own is no conflict, anything else is', async () => {
    const one = `${configMapsIn(await api.namespace())}/a`;
    const annotated = configMap(
      'a',
      { annotations: { [LAST]: lastOf({ a: '1', b: '1' }) } },
      { a: '1', b: '1' },
    );
    await api.ok('POST', one.slice(0, -2), annotated, by('kubectl-client-side-apply'));
    await api.ok('PATCH', one, { data: { b: '2' } }, by('hand', merge));
    expect(await api.refused('PATCH', one, data({ a: '3', b: '3' }), applyAs('kubectl'))).toMatchObject({
      causes: ['FieldManagerConflict .data.b'],
    });
    expect(await api.refused('PATCH', one, data({ a: '3' }), applyAs('gitops'))).toMatchObject({
      causes: ['FieldManagerConflict .data.a'],
    });
    const taken = await api.ok('PATCH', one, data({ a: '3' }), applyAs('kubectl'));
    expect(taken.data).toEqual({ a: '3', b: '2' });
    // Kept current, so that client-side apply could take over again.
    const annotations = metaOf(taken).annotations as JsonObject;
    expect(annotations[LAST]).toBe(
      '{"apiVersion":"v1","data":{"a":"3"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
    );
  });
});
