import type { IncomingMessage } from 'node:http';
import { inspect } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { afterEach, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { closers, closeServers, type Handler, serve } from '../../../test/support/cluster/kubeHttpServer.ts';
import { systemClock } from '../lib/clock.ts';
import { createRuntimeMetrics } from '../serve/metrics.ts';
import { TransportError } from './errors.ts';
import { kubeTransport } from './httpTransport.ts';

afterEach(closeServers);

function read(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => resolve(text));
  });
}

describe('http transport', () => {
  it('sends path, query, headers and body, and reads an answer of any status', async () => {
    const seen: unknown[] = [];
    const { transport } = await serve(async (request, response) => {
      const { method, url, headers } = request;
      seen.push({ method, url, type: headers['content-type'], auth: headers.authorization });
      seen.push(JSON.parse(await read(request)));
      response.writeHead(409, { 'content-type': 'application/json', 'x-served-by': 'test' });
      response.end('{"kind":"Status","reason":"Conflict"}');
    });
    const answer = await transport.request({
      method: 'PATCH',
      path: '/api/v1/things/a',
      query: { fieldManager: 'a b' },
      body: { value: 'ü' },
      contentType: 'application/merge-patch+json',
    });
    expect(seen).toEqual([
      {
        method: 'PATCH',
        url: '/prefix/api/v1/things/a?fieldManager=a%20b',
        type: 'application/merge-patch+json',
        auth: 'Bearer first',
      },
      { value: 'ü' },
    ]);
    expect(answer.status).toBe(409);
    expect(answer.body).toEqual({ kind: 'Status', reason: 'Conflict' });
    expect(answer.headers['x-served-by']).toBe('test');
  });

  it('uses its connections again', async () => {
    const { transport, sockets } = await serve((_request, response) => response.end('{}'));
    for (let i = 0; i < 50; i++) await transport.request({ method: 'GET', path: '/' });
    expect(sockets.length).toBeLessThanOrEqual(2);
  });

  it('gives up after its time, by name, and not before the server was asked', async () => {
    const clock = createVirtualClock();
    const asked: string[] = [];
    const handler: Handler = (request) => {
      asked.push(request.url ?? '');
      void clock.advance(30_000);
    };
    const { transport } = await serve(handler, undefined, clock);
    const error = await transport.request({ method: 'GET', path: '/slow' }).catch((e) => e);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'TIMEOUT', method: 'GET', path: '/slow' });
    expect(asked).toEqual(['/prefix/slow']);
  });

  it('reports a reset as such', async () => {
    const { transport } = await serve((request) => request.socket.resetAndDestroy());
    const error = await transport
      .request({ method: 'POST', path: '/x', body: { secret: 's3cr3t' } })
      .catch((e) => e);
    expect(error).toBeInstanceOf(TransportError);
    expect(['ECONNRESET', 'UND_ERR_SOCKET']).toContain(error.code);
    expect(`${error.message}${error.stack}`).not.toContain('s3cr3t');
  });

  it('reports a refused connection as such', async () => {
    const { transport, sockets } = await serve((_request, response) => response.end('{}'));
    await closers.at(-1)?.();
    closers.pop();
    const error = await transport.request({ method: 'GET', path: '/' }).catch((e) => e);
    expect(error).toMatchObject({ name: 'TransportError', code: 'ECONNREFUSED' });
    expect(sockets).toHaveLength(0);
  });

  it('ends when its caller gives up', async () => {
    const caller = new AbortController();
    const { transport } = await serve(() => caller.abort());
    await expect(
      transport.request({ method: 'GET', path: '/', signal: caller.signal }),
    ).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(
      transport.request({ method: 'GET', path: '/', signal: caller.signal }),
    ).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('refuses an answer that is no JSON, unless its status says enough', async () => {
    const { transport } = await serve((request, response) => {
      response.writeHead(request.url?.endsWith('/bad') ? 502 : 200);
      response.end('<html>');
    });
    await expect(transport.request({ method: 'GET', path: '/' })).rejects.toMatchObject({ code: 'BAD_BODY' });
    expect(await transport.request({ method: 'GET', path: '/bad' })).toMatchObject({
      status: 502,
      body: undefined,
    });
  });

  it('asks beforeSend once a connection is at hand, and sends nothing when it throws', async () => {
    const log: string[] = [];
    const { transport } = await serve((request, response) => {
      log.push(`served ${request.url}`);
      response.end('{}');
    });
    const beforeSend = () => log.push('asked');
    await transport.request({ method: 'PUT', path: '/a', body: {}, beforeSend });
    const refusal = new Error('the lease may be another’s');
    const refused = transport.request({
      method: 'PUT',
      path: '/b',
      body: {},
      beforeSend: () => {
        throw refusal;
      },
    });
    await expect(refused).rejects.toBe(refusal);
    await transport.request({ method: 'GET', path: '/c' });
    expect(log).toEqual(['asked', 'served /prefix/a', 'served /prefix/c']);
  });

  it('reads rotated credentials after a 401, and asks beforeSend again', async () => {
    const clock = createVirtualClock();
    let token = 'first';
    let accepted = 'Bearer first';
    let asked = 0;
    const { transport, loads } = await serve(
      (request, response) => {
        response.writeHead(request.headers.authorization === accepted ? 200 : 401);
        response.end('{}');
      },
      () => token,
      clock,
    );
    expect(await transport.request({ method: 'GET', path: '/' })).toMatchObject({ status: 200 });
    token = 'second';
    accepted = 'Bearer second';
    await clock.advance(6_000);
    const answer = await transport.request({ method: 'PUT', path: '/', body: {}, beforeSend: () => asked++ });
    expect(answer.status).toBe(200);
    expect(asked).toBe(2);
    expect(loads()).toBe(2);
    accepted = 'none';
    expect((await transport.request({ method: 'GET', path: '/' })).status).toBe(401);
    expect(loads()).toBe(2);
  });

  it('yields a stream line by line, however it is cut', async () => {
    const bytes = Buffer.from('{"a":"ü"}\n\n{"a":2}\n');
    const { transport } = await serve(async (_request, response) => {
      for (const byte of bytes) {
        response.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    const { status, lines } = await transport.stream({ method: 'GET', path: '/watch' });
    expect(status).toBe(200);
    expect(await collect(lines)).toEqual([{ a: 'ü' }, { a: 2 }]);
  });

  it('fails a stream at a line that is no JSON, or no whole line', async () => {
    const { transport } = await serve((request, response) => {
      response.end(request.url?.endsWith('/cut') ? '{"a":1}\n{"a":' : '{"a":1}\nnonsense\n');
    });
    for (const path of ['/cut', '/bad']) {
      const { lines } = await transport.stream({ method: 'GET', path });
      await expect(collect(lines)).rejects.toMatchObject({ code: 'BAD_BODY' });
    }
  });

  it('fails a stream whose connection breaks or whose caller leaves', async () => {
    const caller = new AbortController();
    const { transport, sockets } = await serve((_request, response) => response.write('{"a":1}\n'));
    const cut = await transport.stream({ method: 'GET', path: '/cut' });
    const breaking = (async () => {
      for await (const line of cut.lines) {
        expect(line).toEqual({ a: 1 });
        for (const socket of sockets) socket.resetAndDestroy();
      }
    })();
    await expect(breaking).rejects.toBeInstanceOf(TransportError);
    const left = await transport.stream({ method: 'GET', path: '/left', signal: caller.signal });
    const reading = (async () => {
      for await (const line of left.lines) {
        expect(line).toEqual({ a: 1 });
        caller.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('hands over the body of a refused stream', async () => {
    const { transport } = await serve((_request, response) => {
      response.writeHead(410);
      response.end('{"kind":"Status","reason":"Expired"}');
    });
    const { status, body, lines } = await transport.stream({ method: 'GET', path: '/watch' });
    expect({ status, body }).toEqual({ status: 410, body: { kind: 'Status', reason: 'Expired' } });
    expect(await collect(lines)).toEqual([]);
  });

  it('quotes nothing of a broken kubeconfig or of what a credential plugin prints', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'echo', args: ['s3cr3t'] };
    const plugin = new KubeConfig();
    plugin.loadFromClusterAndUser(
      { name: 'a', server: 'http://127.0.0.1:1', skipTLSVerify: true },
      { name: 'a', exec },
    );
    const broken = () => {
      const config = new KubeConfig();
      config.loadFromString('users: [{name: a, user: {token: s3cr3t}}\n: :');
      return config;
    };
    for (const loadKubeConfig of [broken, () => plugin]) {
      const transport = kubeTransport({
        clock: systemClock,
        metrics: createRuntimeMetrics(),
        loadKubeConfig,
      });
      closers.push(() => transport.close());
      const error = await transport.request({ method: 'GET', path: '/' }).catch((e) => e);
      expect(error).toMatchObject({
        code: 'NO_CREDENTIALS',
        message: expect.stringMatching(/not valid YAML|not JSON/),
      });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('s3cr3t');
    }
  });

  it('says what is missing when there are no credentials', async () => {
    const transport = kubeTransport({
      clock: systemClock,
      metrics: createRuntimeMetrics(),
      loadKubeConfig: () => new KubeConfig(),
    });
    closers.push(() => transport.close());
    await expect(transport.request({ method: 'GET', path: '/' })).rejects.toMatchObject({
      code: 'NO_CREDENTIALS',
      message: expect.stringContaining('KUBECONFIG'),
    });
  });
});

async function collect(lines: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const line of lines) all.push(line);
  return all;
}
