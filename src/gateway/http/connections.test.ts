import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createServerCertificate } from '../../../dev/apiserver/transport/certificates.ts';
import { createGatewayFixture, type GatewayFixture } from '../../../test/support/gateway/gateway.ts';
import { type Clock, systemClock } from '../../controller/lib/clock.ts';
import { plus } from '../../controller/lib/time.ts';
import type { GatewayOptions } from '../server.ts';

let fixture: GatewayFixture;
let sockets: Socket[];
beforeEach(() => {
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await fixture.close();
});

const TIMES = { headersMs: 300, requestMs: 600, answerMs: 60_000, idleMs: 300 };

async function start(over: Partial<GatewayOptions> = {}): Promise<number> {
  fixture = await createGatewayFixture({ times: TIMES, ...over });
  return Number(new URL((await fixture.gateway.start()).url).port);
}

/** A raw connection and what it received. */
async function open(port: number): Promise<{ socket: Socket; closed: Promise<unknown>; received(): string }> {
  const socket = connect({ port, host: '127.0.0.1' });
  sockets.push(socket);
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  // A reset is one way to be closed.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, closed, received: () => text };
}

const REQUEST = 'GET /v1/agent HTTP/1.1\r\nHost: gateway\r\n\r\n';

describe('a connection is closed when', () => {
  test('nothing is sent on it', async () => {
    const { closed } = await open(await start());
    await closed;
  });

  test('its headers come too slowly', async () => {
    const { socket, closed, received } = await open(await start());
    socket.write('GET /v1/agent HTTP/1.1\r\nHost:');
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 408 .*\{"code":"request_timeout"/s);
  });

  test('its body comes too slowly', async () => {
    const { socket, closed, received } = await open(await start());
    socket.write(
      'POST /v1/reports HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await closed;
    expect(received()).toContain('request_timeout');
  });

  test('it is idle after an answer', async () => {
    const { socket, closed, received } = await open(await start());
    socket.write(REQUEST);
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('its answer is not read', async () => {
    const script = `#!/bin/sh\n${'# '.repeat(8_000_000)}`;
    const overdue: (() => void)[] = [];
    let aheadMs = 0;
    const clock: Clock = {
      ...systemClock,
      monotonic: () => plus(systemClock.monotonic(), aheadMs),
      setTimeout(fn, ms) {
        if (ms !== TIMES.answerMs) return systemClock.setTimeout(fn, ms);
        overdue.push(fn);
        return { cancel: () => undefined };
      },
    };
    const { socket, closed, received } = await open(
      await start({ agent: { present: { script, unit: '' }, find: async () => undefined }, clock }),
    );
    socket.pause();
    socket.write(REQUEST);
    await once(socket, 'readable');
    aheadMs = TIMES.answerMs;
    for (const close of overdue) close();
    socket.resume();
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 200 /);
    expect(received().length).toBeLessThan(script.length);
  });

  test('it never begins TLS', async () => {
    const { certPEM, keyPEM } = await createServerCertificate();
    const { closed } = await open(await start({ tls: { cert: certPEM, key: keyPEM } }));
    await closed;
  });

  test('it is no HTTP, and the answer has the one format', async () => {
    const { socket, closed, received } = await open(await start());
    socket.write('HELO\r\n\r\n');
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*\{"code":"invalid_request"/s);
  });
});

describe('connections are bounded', () => {
  test('for each address: the oldest that serves no proven request is closed for a new one', async () => {
    const port = await start({
      connections: { total: 100, perAddress: 3 },
      times: { ...TIMES, headersMs: 60_000, requestMs: 60_000 },
    });
    const [first, second, ...rest] = [
      await open(port),
      await open(port),
      await open(port),
      await open(port),
      await open(port),
    ];
    await Promise.all([first.closed, second.closed]);
    expect(rest.map(({ socket }) => socket.destroyed)).toEqual([false, false, false]);
    const last = await open(port);
    last.socket.write(REQUEST);
    await once(last.socket, 'data');
    expect(last.received()).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('in all: the address with the most pays', async () => {
    const port = await start({
      connections: { total: 2, perAddress: 100 },
      times: { ...TIMES, headersMs: 60_000, requestMs: 60_000 },
    });
    const [first, second] = [await open(port), await open(port), await open(port)];
    await first.closed;
    expect(second.socket.destroyed).toBe(false);
  });

  test('on one connection: who sends on without reading answers is cut off, and who waits for each is not', async () => {
    const port = await start({
      agent: { present: { script: '# '.repeat(10_000), unit: '' }, find: async () => undefined },
    });
    const sending = await open(port);
    sending.socket.write(REQUEST.repeat(1_000));
    await sending.closed;
    expect(sending.received().split('HTTP/1.1 200').length).toBeLessThan(5);
    const waiting = await open(port);
    for (let index = 1; index <= 5; index += 1) {
      waiting.socket.write(`GET /v1/agent/unit HTTP/1.1\r\nHost: gateway\r\n\r\n`);
      await expect
        .poll(() => waiting.received().split('HTTP/1.1 200').length, { timeout: 10_000 })
        .toBe(index + 1);
    }
    expect(waiting.socket.destroyed).toBe(false);
  });
});
