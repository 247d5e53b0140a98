import { expect, test } from 'vitest';
import { TransportError } from '../../../src/controller/client/errors.ts';
import { configMap, configMapsPath, createTestApi } from '../testApi.ts';
import { metaOf } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';
import { inProcessTransport } from './inProcessTransport.ts';

function connected() {
  const api = createTestApi();
  return { api, transport: inProcessTransport(api.handler, { clock: api.clock, userAgent: 'operator/1' }) };
}

const code = (expected: string) => (error: unknown) =>
  error instanceof TransportError && error.code === expected;

test('requests carry method, query, types and user agent; answers are the caller’s own copies', async () => {
  const { api, transport } = connected();
  const made = await transport.request({ method: 'POST', path: configMapsPath, body: configMap('a') });
  expect(made.status).toBe(201);
  Object.assign((made.body as JsonObject).data as JsonObject, { a: 'changed' });
  const read = await transport.request({
    method: 'GET',
    path: configMapsPath,
    query: { labelSelector: 'none' },
  });
  expect(read.body).toMatchObject({ items: [] });
  expect(await api.ok('GET', `${configMapsPath}/a`)).toMatchObject({ data: { a: '1' } });
  expect(api.counters.total({ userAgent: 'operator/1' })).toBe(2);
});

test('an error status is an answer; a lost connection is a TransportError', async () => {
  const { api, transport } = connected();
  expect((await transport.request({ method: 'GET', path: `${configMapsPath}/none` })).status).toBe(404);
  api.faults.add({ effect: { kind: 'disconnect' } });
  const lost = transport.request({ method: 'GET', path: configMapsPath });
  await expect(lost).rejects.toSatisfy(code('ECONNRESET'));
});

test('a request that times out may have been processed all the same', async () => {
  const { api, transport } = connected();
  api.faults.add({ effect: { kind: 'latency', ms: 1_000 }, times: 1 });
  const outcome = expect(
    transport.request({ method: 'POST', path: configMapsPath, body: configMap('a'), timeoutMs: 100 }),
  ).rejects.toSatisfy(code('TIMEOUT'));
  await api.clock.advance(100);
  await outcome;
  expect((await api.call('GET', `${configMapsPath}/a`)).status).toBe(404);
  await api.clock.advance(900);
  expect((await api.call('GET', `${configMapsPath}/a`)).status).toBe(200);
});

test('an aborted request rejects at once; beforeSend’s throw means that nothing was sent', async () => {
  const { api, transport } = connected();
  const signal = AbortSignal.abort();
  await expect(transport.request({ method: 'GET', path: configMapsPath, signal })).rejects.toSatisfy(
    code('ABORTED'),
  );
  const beforeSend = () => {
    throw new Error('the lease is gone');
  };
  await expect(transport.request({ method: 'GET', path: configMapsPath, beforeSend })).rejects.toThrow(
    'the lease is gone',
  );
  expect(api.counters.total()).toBe(0);
});

test('a watch gives one value a line, until the caller leaves it', async () => {
  const { api, transport } = connected();
  const before = api.clock.pending();
  const { status, lines } = await transport.stream({
    method: 'GET',
    path: configMapsPath,
    query: { watch: 'true' },
  });
  expect(status).toBe(200);
  for (const name of ['a', 'b', 'c']) await api.ok('POST', configMapsPath, configMap(name));
  const seen: unknown[] = [];
  for await (const line of lines) {
    seen.push(metaOf((line as JsonObject).object as JsonObject).name);
    if (seen.length === 2) break;
  }
  expect(seen).toEqual(['a', 'b']);
  expect(api.clock.pending()).toBe(before);
});

test('a watch that is refused gives status and body, one that breaks or is aborted throws', async () => {
  const { api, transport } = connected();
  const watch = { method: 'GET', path: configMapsPath, query: { watch: 'true' } } as const;
  const refused = await transport.stream({ ...watch, query: { ...watch.query, limit: 'x' } });
  expect(refused).toMatchObject({ status: 400, body: { kind: 'Status' } });
  const drain = async (lines: AsyncIterable<unknown>) => {
    for await (const line of lines) expect(line).toBeUndefined();
  };
  const broken = drain((await transport.stream(watch)).lines);
  await api.clock.settle();
  api.faults.closeWatches();
  await expect(broken).rejects.toSatisfy(code('ECONNRESET'));
  const abort = new AbortController();
  const aborted = drain((await transport.stream({ ...watch, signal: abort.signal })).lines);
  await api.clock.settle();
  abort.abort();
  await expect(aborted).rejects.toSatisfy(code('ABORTED'));
});

test('a watch that opens after its caller has left is closed', async () => {
  const { api, transport } = connected();
  const before = api.clock.pending();
  api.faults.add({ effect: { kind: 'latency', ms: 1_000 }, times: 1 });
  const query = { watch: 'true' };
  const outcome = expect(
    transport.stream({ method: 'GET', path: configMapsPath, query, timeoutMs: 100 }),
  ).rejects.toSatisfy(code('TIMEOUT'));
  await api.clock.advance(2_000);
  await outcome;
  expect(api.clock.pending()).toBe(before);
  expect(api.faults.closeWatches()).toBe(0);
});
