import { afterEach, describe, expect, test, vi } from 'vitest';
import { TransportError } from '../../../src/controller/client/errors.ts';
import { kubeTransport } from '../../../src/controller/client/httpTransport.ts';
import { kubeClient } from '../../../src/controller/client/kubeClient.ts';
import { parseKubeConfig } from '../../../src/controller/client/kubeConfig.ts';
import type { Transport } from '../../../src/controller/client/transport.ts';
import { type Clock, systemClock } from '../../../src/controller/lib/clock.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { type ApiServer, createApiServer } from '../apiServer.ts';
import { startApiServer } from '../server.ts';
import { configMapsPath, seededRandom } from '../testApi.ts';
import { inProcessTransport } from './inProcessTransport.ts';

interface Connected {
  api: ApiServer;
  transport: Transport;
}

/** Whose time passes how, where a test decides it. */
interface Clocks {
  server: Clock;
  client: Clock;
}
const REAL: Clocks = { server: systemClock, client: systemClock };
const optionsOf = ({ server }: Clocks) => ({ clock: server, random: seededRandom('transports') });
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function inProcess(clocks = REAL): Promise<Connected> {
  const api = createApiServer(optionsOf(clocks));
  return { api, transport: inProcessTransport(api.handler, { clock: clocks.client }) };
}

async function overHttps(clocks = REAL): Promise<Connected> {
  const api = await startApiServer(optionsOf(clocks));
  const transport = kubeTransport({
    clock: clocks.client,
    metrics: createRuntimeMetrics(),
    loadKubeConfig: () => parseKubeConfig(api.kubeconfig),
  });
  cleanups.push(() => transport.close(), api.stop);
  return { api, transport };
}

const configMaps = { group: '', version: 'v1', plural: 'configmaps', namespaced: true };
const watchAll = { method: 'GET', path: configMapsPath, query: { watch: 'true' } } as const;
const names = (lines: unknown[]) =>
  lines.map((line) => (line as { object: { metadata: { name: string } } }).object.metadata.name);

// The simulator stands on the one, production on the other: what holds of one must hold of both.
describe.each([
  ['in process', inProcess],
  ['over HTTPS', overHttps],
] as const)('the operator’s client %s', (_, connect) => {
  test('creates, reads, lists, patches, replaces and deletes', async () => {
    const { transport } = await connect();
    const client = kubeClient(transport, { clock: systemClock });
    const made = await client.create(configMaps, { metadata: { name: 'a' }, data: { n: '1' } }, 'default');
    expect(await client.get(configMaps, 'a', 'default')).toEqual(made);
    const patched = await client.mergePatch(
      configMaps,
      { name: 'a', namespace: 'default' },
      { data: { n: '2' } },
    );
    expect((await client.list(configMaps, { namespace: 'default', metadataOnly: true })).items).toMatchObject(
      [{ metadata: { name: 'a', resourceVersion: patched.metadata.resourceVersion } }],
    );
    await expect(client.replace(configMaps, made)).rejects.toMatchObject({ status: 409, reason: 'Conflict' });
    await client.replace(configMaps, patched);
    await client.delete(configMaps, 'a', 'default');
    await expect(client.get(configMaps, 'a', 'default')).rejects.toMatchObject({
      status: 404,
      reason: 'NotFound',
    });
  });

  test('watches until it leaves, and again from where it left', async () => {
    const { transport } = await connect();
    const client = kubeClient(transport, { clock: systemClock });
    const { lines } = await transport.stream(watchAll);
    for (const name of ['a', 'b']) await client.create(configMaps, { metadata: { name } }, 'default');
    const seen: unknown[] = [];
    let resourceVersion = '';
    for await (const line of lines) {
      seen.push(line);
      ({ resourceVersion } = (line as { object: { metadata: { resourceVersion: string } } }).object.metadata);
      break;
    }
    const again = await transport.stream({ ...watchAll, query: { watch: 'true', resourceVersion } });
    for await (const line of again.lines) {
      seen.push(line);
      break;
    }
    expect(names(seen)).toEqual(['a', 'b']);
  });

  test('learns of a lost answer as of a broken connection', async () => {
    const { api, transport } = await connect();
    api.faults.add({ effect: { kind: 'disconnect', when: 'after' }, times: 1 });
    const lost = transport.request({
      method: 'POST',
      path: configMapsPath,
      body: { metadata: { name: 'a' } },
    });
    await expect(lost).rejects.toBeInstanceOf(TransportError);
    expect((await transport.request({ method: 'GET', path: `${configMapsPath}/a` })).status).toBe(200);
  });

  test('learns of a broken watch, and of its own abort, as a TransportError', async () => {
    const { api, transport } = await connect();
    const drain = async (lines: AsyncIterable<unknown>) => {
      for await (const line of lines) expect(line).toBeUndefined();
    };
    const broken = drain((await transport.stream(watchAll)).lines);
    expect(api.faults.closeWatches()).toBe(1);
    await expect(broken).rejects.toBeInstanceOf(TransportError);
    const abort = new AbortController();
    const aborted = drain((await transport.stream({ ...watchAll, signal: abort.signal })).lines);
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('gives up after its own time limit, while the server goes on', async () => {
    const [server, client] = [createVirtualClock(), createVirtualClock()];
    const { api, transport } = await connect({ server, client });
    const { lines } = await transport.stream(watchAll);
    api.faults.add({ match: { verbs: ['create'] }, effect: { kind: 'latency', ms: 150 } });
    const body = { metadata: { name: 'a' } };
    const late = transport.request({ method: 'POST', path: configMapsPath, body, timeoutMs: 30 });
    const givenUp = expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
    await vi.waitFor(() => expect(api.counters.total({ verb: 'create' })).toBe(1), 60_000);
    await client.advance(30);
    await givenUp;
    await server.advance(150);
    for await (const line of lines) {
      expect(names([line])).toEqual(['a']);
      break;
    }
  });

  test('sees an ended watch by the end of the stream, and errors by status and body', async () => {
    const { transport } = await connect();
    const { lines } = await transport.stream({ ...watchAll, query: { watch: 'true', timeoutSeconds: '1' } });
    for await (const line of lines) expect(line).toBeUndefined();
    const refused = await transport.stream({ ...watchAll, query: { watch: 'true', limit: 'x' } });
    expect(refused).toMatchObject({ status: 400, body: { reason: 'BadRequest' } });
  });
});
