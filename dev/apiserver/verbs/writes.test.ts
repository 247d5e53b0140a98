import { describe, expect, test } from 'vitest';
import {
  configMap,
  configMapsPath,
  createTestApi,
  createWidgetApi,
  mergePatch,
  settledWidget,
  widget,
  widgetsPath,
} from '../testApi.ts';
import { metaOf } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';

const one = `${widgetsPath}/a`;

describe('creating', () => {
  test('the server alone sets uid, creationTimestamp, generation and resourceVersion', async () => {
    const api = await createWidgetApi();
    const made = await api.call(
      'POST',
      widgetsPath,
      widget('a', { metadata: { name: 'a', uid: 'mine', generation: 7 } }),
    );
    expect(made.status).toBe(201);
    expect(metaOf(made.body)).toMatchObject({
      name: 'a',
      namespace: 'default',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      uid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      resourceVersion: expect.stringMatching(/^\d+$/),
    });
  });

  test('resource versions rise over all kinds together', async () => {
    const api = await createWidgetApi();
    const versions: number[] = [];
    for (const name of ['a', 'b']) {
      versions.push(Number(metaOf(await api.ok('POST', widgetsPath, widget(name))).resourceVersion));
      versions.push(Number(metaOf(await api.ok('POST', configMapsPath, configMap(name))).resourceVersion));
    }
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(4);
  });

  test('generateName appends five characters, and never collides', async () => {
    const api = createTestApi();
    const names = new Set<unknown>();
    for (let i = 0; i < 20; i += 1) {
      names.add(metaOf(await api.ok('POST', configMapsPath, { metadata: { generateName: 'x-' } })).name);
    }
    expect(names.size).toBe(20);
    for (const name of names) expect(name).toMatch(/^x-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test('a name that is taken is 409 AlreadyExists', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, widget('a'));
    expect(await api.call('POST', widgetsPath, widget('a'))).toMatchObject({
      status: 409,
      body: {
        kind: 'Status',
        status: 'Failure',
        reason: 'AlreadyExists',
        message: 'widgets.example.com "a" already exists',
        details: { name: 'a', group: 'example.com', kind: 'widgets' },
      },
    });
  });

  test.each([
    ['another apiVersion', { apiVersion: 'example.com/v2' }, 400, 'BadRequest'],
    ['another kind', { kind: 'Gadget' }, 422, 'Invalid'],
    ['no kind', { kind: '' }, 400, 'BadRequest'],
    ['no apiVersion', { apiVersion: '' }, 400, 'BadRequest'],
    ['another namespace', { metadata: { name: 'a', namespace: 'kube-system' } }, 400, 'BadRequest'],
    ['a resourceVersion', { metadata: { name: 'a', resourceVersion: '5' } }, 500, undefined],
    ['a name that is no subdomain', { metadata: { name: 'A_b' } }, 422, 'Invalid'],
    ['no name', { metadata: {} }, 422, 'Invalid'],
    ['a label value that is none', { metadata: { name: 'a', labels: { k: 'not ok' } } }, 422, 'Invalid'],
    ['a label that is no string', { metadata: { name: 'a', labels: { k: 1 } } }, 400, 'BadRequest'],
    ['a value below its minimum', { spec: { size: 0 } }, 422, 'Invalid'],
  ] as [string, JsonObject, number, string | undefined][])(
    '%s is refused',
    async (_, change, status, reason) => {
      const api = await createWidgetApi();
      const answer = await api.call('POST', widgetsPath, widget('a', change));
      expect(answer.status).toBe(status);
      expect(answer.body.reason).toBe(reason);
      expect((await api.call('GET', one)).status).toBe(404);
    },
  );

  test('a refusal names each field at fault', async () => {
    const api = await createWidgetApi();
    const { body } = await api.call(
      'POST',
      widgetsPath,
      widget('a', { metadata: { name: 'a', labels: { '-': 'x' } }, spec: { size: 0 } }),
    );
    expect(body.message).toMatch(/^Widget\.example\.com "a" is invalid: \[metadata\.labels: .*spec\.size: /);
    expect(body.details).toMatchObject({
      name: 'a',
      group: 'example.com',
      kind: 'Widget',
      causes: [{ field: 'metadata.labels' }, { field: 'spec.size' }],
    });
  });

  test('a body that is no JSON is a 400 that does not quote it', async () => {
    const api = createTestApi();
    const response = await api.handler({
      method: 'POST',
      path: '/api/v1/namespaces/default/secrets',
      query: new URLSearchParams(),
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{"data": hunter2'),
    });
    expect(response.status).toBe(400);
    expect(JSON.stringify(response.body)).not.toContain('hunter2');
  });

  test('YAML bodies are read too, other types are 415', async () => {
    const api = createTestApi();
    const send = (contentType: string) =>
      api.handler({
        method: 'POST',
        path: configMapsPath,
        query: new URLSearchParams(),
        headers: { 'content-type': contentType },
        body: Buffer.from('metadata: {name: y}\ndata: {k: v}\n'),
      });
    expect(await send('application/yaml')).toMatchObject({ status: 201, body: { data: { k: 'v' } } });
    expect(await send('text/plain')).toMatchObject({ status: 415, body: { reason: 'UnsupportedMediaType' } });
  });
});

describe('updating', () => {
  test('PUT compares and swaps by resourceVersion', async () => {
    const api = await createWidgetApi();
    const first = await api.ok('POST', widgetsPath, widget('a'));
    const second = await api.ok('PUT', one, { ...first, spec: { size: 2 } });
    expect(Number(metaOf(second).resourceVersion)).toBeGreaterThan(Number(metaOf(first).resourceVersion));
    const stale = await api.call('PUT', one, { ...first, spec: { size: 3 } });
    expect(stale).toMatchObject({
      status: 409,
      body: {
        reason: 'Conflict',
        message:
          'Operation cannot be fulfilled on widgets.example.com "a": the object has been modified; please apply your changes to the latest version and try again',
      },
    });
  });

  test('PUT of a custom resource must carry a resourceVersion; that of a ConfigMap need not', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, widget('a'));
    expect((await api.call('PUT', one, widget('a'))).status).toBe(422);
    await api.ok('POST', configMapsPath, configMap('a'));
    expect(
      (await api.call('PUT', `${configMapsPath}/a`, { ...configMap('a'), data: { b: '2' } })).status,
    ).toBe(200);
  });

  test('PUT of another uid is a conflict, of another name a 400, of nothing there a 404', async () => {
    const api = await createWidgetApi();
    const made = await api.ok('POST', widgetsPath, widget('a'));
    const meta = metaOf(made);
    expect((await api.call('PUT', one, { ...made, metadata: { ...meta, uid: 'other' } })).status).toBe(409);
    expect((await api.call('PUT', one, { ...made, metadata: { ...meta, name: 'b' } })).status).toBe(400);
    expect((await api.call('PUT', `${widgetsPath}/none`, widget('none'))).status).toBe(404);
  });

  test('a patch that carries a resourceVersion compares and swaps, one without never conflicts', async () => {
    const api = await createWidgetApi();
    const made = await api.ok('POST', widgetsPath, widget('a'));
    await api.ok('PATCH', one, { spec: { color: 'blue' } }, mergePatch);
    const { resourceVersion = '' } = metaOf(made);
    const swap = { metadata: { resourceVersion }, spec: { size: 9 } };
    expect((await api.call('PATCH', one, swap, mergePatch)).status).toBe(409);
    expect((await api.call('PATCH', one, { spec: { size: 9 } }, mergePatch)).status).toBe(200);
  });

  test('a write that changes nothing keeps the resourceVersion and reaches no watch', async () => {
    const api = await createWidgetApi();
    const made = await settledWidget(api, 'a');
    const watch = await api.watch(widgetsPath, { resourceVersion: String(metaOf(made).resourceVersion) });
    expect(await api.ok('PUT', one, made)).toEqual(made);
    expect(await api.ok('PATCH', one, { spec: { size: 1 } }, mergePatch)).toEqual(made);
    expect(
      await api.ok('PATCH', `${one}/status`, { status: { observedGeneration: -1 } }, mergePatch),
    ).toEqual(made);
    await api.clock.settle();
    expect(watch.frames).toEqual([]);
  });

  test('uid, creationTimestamp, generation and deletionTimestamp are not the caller’s to change', async () => {
    const api = await createWidgetApi();
    const made = await settledWidget(api, 'a');
    const silently = { metadata: { generation: 40, managedFields: [] } };
    expect(await api.ok('PATCH', one, silently, mergePatch)).toEqual(made);
    for (const metadata of [
      { uid: 'another' },
      { creationTimestamp: '2020-01-01T00:00:00Z' },
      { deletionTimestamp: '2020-01-01T00:00:00Z' },
    ]) {
      expect((await api.call('PATCH', one, { metadata }, mergePatch)).status).toBe(422);
    }
  });

  test('transition rules see the old object', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, widget('a', { spec: { size: 5 } }));
    const shrunk = await api.call('PATCH', one, { spec: { size: 4 } }, mergePatch);
    expect(shrunk).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('size never shrinks') },
    });
  });
});

describe('generation and the status subresource', () => {
  test('generation counts changes of the spec, not of metadata or status', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, widget('a'));
    const generation = async () => metaOf(await api.ok('GET', one)).generation;
    await api.ok('PATCH', one, { metadata: { labels: { x: 'y' } } }, mergePatch);
    await api.ok('PATCH', `${one}/status`, { status: { note: 'hi' } }, mergePatch);
    expect(await generation()).toBe(1);
    await api.ok('PATCH', one, { spec: { size: 2 } }, mergePatch);
    expect(await generation()).toBe(2);
  });

  test('a write to the object leaves status alone, at creation too', async () => {
    const api = await createWidgetApi();
    const made = await api.ok('POST', widgetsPath, widget('a', { status: { note: 'mine' } }));
    expect(made.status).toEqual({ observedGeneration: -1 });
    await api.ok('PATCH', `${one}/status`, { status: { note: 'theirs' } }, mergePatch);
    const written = await api.ok('PATCH', one, { spec: { size: 2 }, status: { note: 'mine' } }, mergePatch);
    expect(written).toMatchObject({ spec: { size: 2 }, status: { note: 'theirs' } });
  });

  test('a write to status changes nothing but status', async () => {
    const api = await createWidgetApi();
    const made = await api.ok('POST', widgetsPath, widget('a'));
    const patch = {
      metadata: { labels: { x: 'y' }, finalizers: ['a/b'] },
      spec: { size: 9 },
      status: { note: 'n' },
    };
    const written = await api.ok('PATCH', `${one}/status`, patch, mergePatch);
    expect(written.spec).toEqual(made.spec);
    expect(written.status).toMatchObject({ note: 'n' });
    // Who meant to is on record, as on the real server; that is all that is left of it.
    const { resourceVersion: _a, managedFields: _c, ...meta } = metaOf(written);
    const { resourceVersion: _b, managedFields: _d, ...before } = metaOf(made);
    expect(meta).toEqual(before);
  });

  test('a wiped status gets its default back', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, widget('a'));
    await api.ok('PATCH', `${one}/status`, { status: { note: 'n' } }, mergePatch);
    expect((await api.ok('PATCH', `${one}/status`, { status: null }, mergePatch)).status).toEqual({
      observedGeneration: -1,
    });
  });

  test('a kind without status subresource has no such path', async () => {
    const api = createTestApi();
    await api.ok('POST', configMapsPath, configMap('a'));
    expect((await api.call('PATCH', `${configMapsPath}/a/status`, {}, mergePatch)).status).toBe(404);
  });
});
