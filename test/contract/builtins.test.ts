import { expect, test } from 'vitest';
import { metaOf, objectAt, stringAt } from '../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';
import { eventBody } from '../../src/controller/events/eventBody.ts';
import { microTime } from '../../src/controller/lease/lease.ts';
import { generationOf, merge, namesOf, versionOf } from './support/api.ts';
import { contract } from './support/servers.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

contract('Leases', (api) => {
  const leasesIn = (namespace: string) => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const lease = (name: string, spec: JsonObject): JsonObject => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name },
    spec,
  });

  test('keep microseconds, as the operator writes them', async () => {
    const leases = leasesIn(await api.namespace());
    const spec = {
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      acquireTime: microTime(NOW),
      renewTime: microTime(NOW),
      leaseTransitions: 0,
    };
    const made = await api.ok('POST', leases, lease('l', spec));
    expect(made.spec).toEqual({
      ...spec,
      acquireTime: '2026-01-02T03:04:05.678000Z',
      renewTime: microTime(NOW),
    });
    expect(generationOf(made)).toBeUndefined();
  });

  test('a time without its six digits is a bad request', async () => {
    const leases = leasesIn(await api.namespace());
    const body = lease('l', { renewTime: '2026-01-02T03:04:05.678Z' });
    expect(await api.refused('POST', leases, body)).toEqual({ code: 400, reason: 'BadRequest', causes: [] });
  });

  test('are taken over by compare-and-swap alone', async () => {
    const leases = leasesIn(await api.namespace());
    const made = await api.ok(
      'POST',
      leases,
      lease('l', { holderIdentity: 'one', leaseDurationSeconds: 15 }),
    );
    const taken = (holderIdentity: string) =>
      api.call('PUT', `${leases}/l`, { ...made, spec: { holderIdentity, leaseDurationSeconds: 15 } });
    const statuses = [await taken('two'), await taken('three')].map(({ status }) => status);
    expect(statuses).toEqual([200, 409]);
    const { spec } = await api.ok('GET', `${leases}/l`);
    expect(spec).toEqual({ holderIdentity: 'two', leaseDurationSeconds: 15 });
    const blind = lease('l', { holderIdentity: 'four' });
    expect(await api.refused('PUT', `${leases}/l`, blind)).toMatchObject({ code: 422, reason: 'Invalid' });
  });

  test('last longer than no time', async () => {
    const leases = leasesIn(await api.namespace());
    expect(await api.refused('POST', leases, lease('l', { leaseDurationSeconds: 0 }))).toEqual({
      code: 422,
      reason: 'Invalid',
      causes: ['FieldValueInvalid spec.leaseDurationSeconds'],
    });
  });
});

contract('events', (api) => {
  const eventsIn = (namespace: string) => `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
  const coreEventsIn = (namespace: string) => `/api/v1/namespaces/${namespace}/events`;
  const event = (namespace: string, name: string, rest: Partial<Parameters<typeof eventBody>[0]> = {}) =>
    eventBody(
      {
        regarding: {
          apiVersion: 'contract.example.com/v1',
          kind: 'Widget',
          namespace,
          name: 'a',
          uid: 'f4f3f2f1-0000-4000-8000-000000000000',
        },
        type: 'Normal',
        reason: 'Launching',
        action: 'Launch',
        note: 'said for people',
        ...rest,
      },
      {
        namespace,
        name,
        eventTime: microTime(NOW),
        reportingController: 'contract.example.com/operator',
        reportingInstance: 'operator-0',
      },
    );

  test('are taken as the operator writes them, and shown in core/v1’s words', async () => {
    const namespace = await api.namespace();
    const made = await api.ok('POST', eventsIn(namespace), event(namespace, 'e'));
    expect(made).toMatchObject(event(namespace, 'e'));
    const core = await api.ok('GET', `${coreEventsIn(namespace)}/e`);
    expect(core).toMatchObject({
      kind: 'Event',
      apiVersion: 'v1',
      involvedObject: { kind: 'Widget', name: 'a', namespace },
      message: 'said for people',
      reportingComponent: 'contract.example.com/operator',
      reportingInstance: 'operator-0',
      reason: 'Launching',
      type: 'Normal',
      eventTime: microTime(NOW),
    });
    expect(versionOf(core)).toBe(versionOf(made));
  });

  test('a series is begun and continued by a patch', async () => {
    const namespace = await api.namespace();
    await api.ok('POST', eventsIn(namespace), event(namespace, 'e'));
    for (const count of [2, 3]) {
      const series = { count, lastObservedTime: microTime(NOW + count * 1000) };
      const patched = await api.ok('PATCH', `${eventsIn(namespace)}/e`, { series }, merge);
      expect(patched.series).toEqual(series);
    }
    const one = { series: { count: 1, lastObservedTime: microTime(NOW) } };
    expect((await api.refused('PATCH', `${eventsIn(namespace)}/e`, one, merge)).code).toBe(422);
  });

  // Causes name fields as core/v1 does.
  test.each([
    ['note', 'another', 'message'],
    ['reason', 'Other', 'reason'],
    ['type', 'Warning', 'type'],
    ['action', 'Other', 'action'],
    ['reportingInstance', 'operator-1', 'reportingInstance'],
  ])('what happened is never rewritten: %s', async (field, value, named) => {
    const namespace = await api.namespace();
    await api.ok('POST', eventsIn(namespace), event(namespace, 'e'));
    expect(await api.refused('PATCH', `${eventsIn(namespace)}/e`, { [field]: value }, merge)).toEqual({
      code: 422,
      reason: 'Invalid',
      causes: [`FieldValueInvalid ${named}`],
    });
  });

  test.each<[string, JsonObject, string[]]>([
    ['no time', { eventTime: null }, ['FieldValueRequired eventTime']],
    [
      'no controller',
      { reportingController: '' },
      ['FieldValueInvalid reportingController', 'FieldValueRequired reportingController'],
    ],
    ['no instance', { reportingInstance: '' }, ['FieldValueRequired reportingInstance']],
    ['no action', { action: '' }, ['FieldValueRequired action']],
    ['no reason', { reason: '' }, ['FieldValueRequired reason']],
    ['too long a note', { note: 'x'.repeat(1025) }, ['FieldValueInvalid message']],
    ['another type', { type: 'Odd' }, ['FieldValueInvalid type']],
    ['a count of old', { deprecatedCount: 3 }, ['FieldValueInvalid count']],
    [
      'an object that has no namespace',
      { regarding: { kind: 'Namespace', name: 'n' } },
      ['FieldValueInvalid involvedObject.namespace'],
    ],
    [
      'a series of one',
      { series: { count: 1, lastObservedTime: microTime(NOW) } },
      ['FieldValueInvalid series.count'],
    ],
  ])('with %s are invalid', async (_, part, causes) => {
    const namespace = await api.namespace();
    const body = { ...event(namespace, 'e'), ...part };
    expect(await api.refused('POST', eventsIn(namespace), body)).toEqual({
      code: 422,
      reason: 'Invalid',
      causes,
    });
  });

  test('are found by what they regard, as describe asks', async () => {
    const namespace = await api.namespace();
    for (const name of ['one', 'two']) await api.ok('POST', eventsIn(namespace), event(namespace, name));
    const other = event(namespace, 'three', { regarding: { ...event(namespace, 'x').regarding, name: 'b' } });
    await api.ok('POST', eventsIn(namespace), other);
    const find = async (path: string, fieldSelector: string) =>
      namesOf(await api.ok('GET', path, undefined, { query: { fieldSelector } }));
    const about = `involvedObject.name=a,involvedObject.namespace=${namespace},involvedObject.kind=Widget`;
    expect(await find(coreEventsIn(namespace), about)).toEqual(['one', 'two']);
    expect(await find(eventsIn(namespace), 'regarding.name=b')).toEqual(['three']);
    expect(await find(coreEventsIn(namespace), 'reason=Launching,type=Warning')).toEqual([]);
    expect(
      (await api.call('GET', coreEventsIn(namespace), undefined, { query: { fieldSelector: 'note=x' } }))
        .status,
    ).toBe(400);
  });

  test('of what has no namespace live in default', async () => {
    const body = event('default', '', {
      regarding: {
        apiVersion: 'v1',
        kind: 'Namespace',
        name: 'n',
        uid: 'f4f3f2f1-0000-4000-8000-000000000001',
      },
    });
    const made = await api.ok('POST', eventsIn('default'), {
      ...body,
      metadata: { generateName: 'contract-' },
    });
    expect(metaOf(made).namespace).toBe('default');
    await api.ok('DELETE', `${eventsIn('default')}/${stringAt(metaOf(made), 'name')}`);
  });
});

contract('Secrets', (api) => {
  const secretsIn = (namespace: string) => `/api/v1/namespaces/${namespace}/secrets`;

  test('hold Base64; stringData is encoded and not kept; the type is Opaque', async () => {
    const secrets = secretsIn(await api.namespace());
    const body = { metadata: { name: 's' }, data: { a: 'b25l' }, stringData: { b: 'two' } };
    const made = await api.ok('POST', secrets, body);
    expect(made.data).toEqual({ a: 'b25l', b: 'dHdv' });
    expect(made.stringData).toBeUndefined();
    expect(made.type).toBe('Opaque');
    const patched = await api.ok('PATCH', `${secrets}/s`, { stringData: { a: 'three' } }, merge);
    expect(patched.data).toEqual({ a: 'dGhyZWU=', b: 'dHdv' });
  });

  test('saving the same content again makes no version', async () => {
    const secrets = secretsIn(await api.namespace());
    const made = await api.ok('POST', secrets, { metadata: { name: 's' }, data: { a: 'b25l' } });
    const same = await api.ok('PATCH', `${secrets}/s`, { stringData: { a: 'one' } }, merge);
    expect(versionOf(same)).toBe(versionOf(made));
  });

  test('refuse what is no Base64, and keys that can be no file', async () => {
    const secrets = secretsIn(await api.namespace());
    expect((await api.refused('POST', secrets, { metadata: { name: 's' }, data: { a: '%' } })).code).toBe(
      400,
    );
    expect(await api.refused('POST', secrets, { metadata: { name: 's' }, data: { 'a b': 'b25l' } })).toEqual({
      code: 422,
      reason: 'Invalid',
      causes: ['FieldValueInvalid data[a b]'],
    });
  });

  test('an immutable one changes no more, and its type never does', async () => {
    const secrets = secretsIn(await api.namespace());
    await api.ok('POST', secrets, { metadata: { name: 's' }, immutable: true, data: { a: 'b25l' } });
    expect(await api.refused('PATCH', `${secrets}/s`, { data: { a: 'dHdv' } }, merge)).toEqual({
      code: 422,
      reason: 'Invalid',
      causes: ['FieldValueForbidden data'],
    });
    expect(await api.refused('PATCH', `${secrets}/s`, { type: 'other' }, merge)).toEqual({
      code: 422,
      reason: 'Invalid',
      causes: ['FieldValueInvalid type'],
    });
    const labelled = await api.ok('PATCH', `${secrets}/s`, { metadata: { labels: { l: '1' } } }, merge);
    expect(objectAt(metaOf(labelled), 'labels')).toEqual({ l: '1' });
  });
});
