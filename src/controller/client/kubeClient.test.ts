import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { createFakeKubeApi } from '../../../test/support/cluster/fakeKubeApi.ts';
import type { Fault } from '../../../test/support/cluster/fakeKubeApiPort.ts';
import type { KubeObject, Resource } from './client.ts';
import { ApiError, isAlreadyExists, isConflict, isNamespaceTerminating, isNotFound } from './errors.ts';
import { kubeClient, listAll } from './kubeClient.ts';
import type { KubeRequest, KubeResponse, Transport } from './transport.ts';

const THINGS: Resource = { group: 'example.com', version: 'v1', plural: 'things', namespaced: true };
const CLASSES: Resource = { group: 'example.com', version: 'v1', plural: 'classes', namespaced: false };
const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
const PATH = '/apis/example.com/v1/namespaces/ns/things';
const busy = (seconds?: number): Fault => ({
  kind: 'answer',
  status: 429,
  headers: seconds === undefined ? {} : { 'retry-after': String(seconds) },
  body: { kind: 'Status', reason: 'TooManyRequests' },
});

function setup() {
  const clock = createVirtualClock();
  const api = createFakeKubeApi(clock);
  return { clock, api, client: kubeClient(api, { clock }) };
}

/** A transport with one answer for all, which keeps what it was asked. */
function answering(response: Partial<KubeResponse>) {
  const asked: KubeRequest[] = [];
  const transport: Transport = {
    request: async (request) => {
      asked.push(request);
      return { status: 200, headers: {}, body: {}, ...response };
    },
    stream: () => Promise.reject(new Error('not asked for')),
  };
  return { asked, client: kubeClient(transport, { clock: createVirtualClock() }) };
}

describe('kube client', () => {
  it('names every kind of target by its path', async () => {
    const { asked, client } = answering({ body: { metadata: { resourceVersion: '1' }, items: [] } });
    await client.get(THINGS, 'a b', 'n/s');
    await client.get(CLASSES, 'c');
    await client.get(SECRETS, 's', 'ns');
    await client.list(THINGS);
    await client.list(THINGS, { namespace: 'ns', labelSelector: 'a=b', limit: 5, resourceVersion: '0' });
    await client.list(SECRETS, { continue: 'more', resourceVersion: '7', metadataOnly: true });
    await client.create(THINGS, {}, 'ns');
    await client.mergePatch(THINGS, { name: 'a', namespace: 'ns', subresource: 'status' }, {});
    await client.delete(CLASSES, 'c');
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /apis/example.com/v1/namespaces/n%2Fs/things/a%20b',
      'GET /apis/example.com/v1/classes/c',
      'GET /api/v1/namespaces/ns/secrets/s',
      'GET /apis/example.com/v1/things',
      'GET /apis/example.com/v1/namespaces/ns/things',
      'GET /api/v1/secrets',
      'POST /apis/example.com/v1/namespaces/ns/things',
      'PATCH /apis/example.com/v1/namespaces/ns/things/a/status',
      'DELETE /apis/example.com/v1/classes/c',
    ]);
    expect(asked[4]?.query).toEqual({ labelSelector: 'a=b', limit: '5', resourceVersion: '0' });
    expect(asked[5]?.query).toEqual({ continue: 'more' });
    expect(asked[5]?.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
    expect(asked[7]?.contentType).toBe('application/merge-patch+json');
  });

  it('does not touch another object for want of a namespace', async () => {
    const { asked, client } = answering({});
    await expect(client.delete(THINGS, 'a')).rejects.toThrow('needs its namespace');
    expect(asked).toEqual([]);
  });

  it('writes only over the version that was read', async () => {
    const { api, client } = setup();
    api.put(PATH, { metadata: { name: 'a', namespace: 'ns' } });
    const read = await client.get<KubeObject>(THINGS, 'a', 'ns');
    const patch = (version: string) => ({ metadata: { resourceVersion: version } });
    const target = { name: 'a', namespace: 'ns' };
    const written = await client.mergePatch(THINGS, target, patch(read.metadata.resourceVersion));
    const stale = await client
      .mergePatch(THINGS, target, patch(read.metadata.resourceVersion))
      .catch((e) => e);
    expect(isConflict(stale)).toBe(true);
    expect(isAlreadyExists(stale)).toBe(false);
    await client.replace(THINGS, written);
    expect(isConflict(await client.replace(THINGS, written).catch((e) => e))).toBe(true);
    expect(isAlreadyExists(await client.create(THINGS, read, 'ns').catch((e) => e))).toBe(true);
    expect(isNotFound(await client.get(THINGS, 'b', 'ns').catch((e) => e))).toBe(true);
  });

  it('sends again what a 429 refused, after the wait it asks for, and asks beforeSend each time', async () => {
    const { clock, api, client } = setup();
    api.fault((request) => request.method === 'POST', busy(2), busy(3));
    let asked = 0;
    const creating = client.create(THINGS, { metadata: { name: 'a' } }, 'ns', { beforeSend: () => asked++ });
    await clock.advance(4_999);
    expect(api.log).toHaveLength(2);
    await clock.advance(1);
    expect(await creating).toMatchObject({ metadata: { name: 'a' } });
    expect(asked).toBe(3);
  });

  it('sends nothing more once beforeSend throws', async () => {
    const { clock, api, client } = setup();
    api.fault(() => true, busy(2));
    let asked = 0;
    const creating = client.create(THINGS, { metadata: { name: 'a' } }, 'ns', {
      beforeSend: () => {
        if (asked++ > 0) throw new Error('no longer leading');
      },
    });
    const outcome = expect(creating).rejects.toThrow('no longer leading');
    await clock.advance(10_000);
    await outcome;
    expect(api.get(PATH, 'a', 'ns')).toBeUndefined();
  });

  it('gives up on a 429 without a time, with too long a time, or too often', async () => {
    const { clock, api, client } = setup();
    for (const faults of [[busy()], [busy(31)], Array.from({ length: 6 }, () => busy(1))]) {
      api.fault(() => true, ...faults);
      const outcome = expect(client.get(THINGS, 'a', 'ns')).rejects.toMatchObject({ status: 429 });
      await clock.advance(10_000);
      await outcome;
    }
    expect(api.log).toHaveLength(8);
  });

  it('repeats a read whose connection broke, never a write', async () => {
    const { clock, api, client } = setup();
    api.put(PATH, { metadata: { name: 'a', namespace: 'ns' } });
    const lost = { kind: 'answer', status: 503, headers: { 'retry-after': '1' } } as const;
    api.fault((request) => request.method === 'GET', lost);
    const reading = client.get<KubeObject>(THINGS, 'a', 'ns');
    await clock.advance(1_000);
    expect((await reading).metadata.name).toBe('a');
    api.fault((request) => request.method === 'POST', lost);
    await expect(client.create(THINGS, { metadata: { name: 'b' } }, 'ns')).rejects.toMatchObject({
      status: 503,
    });
    api.fault((request) => request.method === 'PATCH', { kind: 'loseAnswer' });
    const writing = client.mergePatch(THINGS, { name: 'a', namespace: 'ns' }, {});
    const outcome = expect(writing).rejects.toMatchObject({ name: 'TransportError', code: 'TIMEOUT' });
    await clock.advance(60_000);
    await outcome;
    expect(api.log.filter((line) => line.startsWith('PATCH'))).toHaveLength(1);
  });

  it('lists whole, and over again when a page expires', async () => {
    const { api, client } = setup();
    for (let i = 0; i < 7; i++) api.put(PATH, { metadata: { name: `n${i}`, namespace: 'ns' } });
    const whole = await listAll(client, THINGS, { namespace: 'ns', limit: 3 });
    expect(whole.items).toHaveLength(7);
    expect(whole.resourceVersion).toBe(api.version());
    const isSecondPage = (request: KubeRequest) => request.query?.continue !== undefined;
    api.fault(isSecondPage, { kind: 'answer', status: 410, body: { kind: 'Status', reason: 'Expired' } });
    expect((await listAll(client, THINGS, { namespace: 'ns', limit: 3 })).items).toHaveLength(7);
  });

  it('refuses a list that is none', async () => {
    const { client } = answering({ body: { kind: 'Status' } });
    await expect(client.list(THINGS)).rejects.toMatchObject({ code: 'BAD_BODY' });
  });
});

describe('ApiError', () => {
  const causes = [{ reason: 'FieldValueInvalid', field: 'spec.x', message: 'Invalid value: "s3cr3t"' }];
  const body = { kind: 'Status', reason: 'Invalid', message: 'x is "s3cr3t"', details: { causes } };

  it('says what the server said', () => {
    const error = new ApiError('PATCH', '/apis/example.com/v1/things/a', { status: 422, body });
    expect(error.message).toBe('PATCH /apis/example.com/v1/things/a: 422 Invalid: x is "s3cr3t"');
    expect(error.causes).toEqual(causes);
  });

  it('quotes nothing that the server said of a Secret', () => {
    for (const path of ['/api/v1/namespaces/ns/secrets', '/api/v1/namespaces/ns/secrets/a']) {
      const error = new ApiError('POST', path, { status: 422, body });
      expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('s3cr3t');
      expect(error.causes).toEqual([{ reason: 'FieldValueInvalid', field: 'spec.x' }]);
    }
  });

  it('reads when to come again from header or body', () => {
    const details = { retryAfterSeconds: 7 };
    const status = { kind: 'Status', details };
    expect(
      new ApiError('GET', '/', { status: 429, headers: { 'retry-after': '3' }, body: status }).retryAfterMs,
    ).toBe(3_000);
    expect(new ApiError('GET', '/', { status: 429, body: status }).retryAfterMs).toBe(7_000);
    expect(
      new ApiError('GET', '/', { status: 429, headers: { 'retry-after': 'soon' } }).retryAfterMs,
    ).toBeUndefined();
  });

  it('knows a namespace that is going away', () => {
    const gone = {
      kind: 'Status',
      reason: 'Forbidden',
      details: { causes: [{ reason: 'NamespaceTerminating' }] },
    };
    expect(isNamespaceTerminating(new ApiError('POST', '/', { status: 403, body: gone }))).toBe(true);
    expect(isNamespaceTerminating(new ApiError('POST', '/', { status: 403, body: { kind: 'Status' } }))).toBe(
      false,
    );
  });
});
