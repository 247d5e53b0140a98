import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { CLUSTER, createGatewayFixture, type GatewayFixture } from '../../../test/support/gateway/gateway.ts';
import { refuseType } from '../../api/environment/secretTypes.ts';
import { createTicket } from '../access/credentials.ts';
import type { GatewayOptions } from '../server.ts';

const MIB = 1_048_576;
const WAIT = { timeout: 20_000 };
let fixture: GatewayFixture;
let url: string;
let reads = 0;
let held: Promise<void> | undefined;
const opened: Socket[] = [];

/** A gateway whose Workspaces all have this Secret. */
async function start(bytes: number, environments: GatewayOptions['environments']): Promise<void> {
  reads = 0;
  held = undefined;
  fixture = await createGatewayFixture({
    ...(environments && { environments }),
    // What is large stalls this process, which is client and server, longer than a query may take.
    wrapStore: (store) => ({ ...store, find: async () => undefined, recordServed: async () => undefined }),
    readSecret: async (_namespace, name) => {
      reads += 1;
      await held;
      return fixture.secrets.get(`team/${name}`);
    },
  });
  // Linux takes no variable of more than 128 KiB.
  const value = Buffer.alloc(Math.min(bytes, 65_536), 'x');
  const names = Array.from({ length: Math.ceil(bytes / value.length) }, (_, index) => `BIG${index}`);
  fixture.secrets.set('team/big', new Map(names.map((name) => [name, value])));
  url = (await fixture.gateway.start()).url;
}
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await fixture.close();
});

function put(uid: string, namespace = 'team') {
  const workspace = fixture.put();
  fixture.workspaces.delete('team/ada');
  const metadata = { ...workspace.metadata, namespace, name: uid, uid };
  fixture.workspaces.set(`${namespace}/${uid}`, { ...workspace, metadata });
}

function request(uid: string): string {
  const ticket = createTicket(fixture.keys.current('ticket'), { clusterID: CLUSTER, uid, number: 1 });
  return JSON.stringify({ uid, number: 1, ticket, ...fixture.identity() });
}

async function bootstrap(uid: string) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/bootstrap`, { method: 'POST', headers, body: request(uid) });
  const { code } = (await response.json()) as { code?: string };
  return { status: response.status, code, retryAfter: response.headers.get('retry-after') };
}

/** Sends a request and never reads more than the head of its answer. */
async function neverRead(uid: string): Promise<{ status: number; socket: Socket; closed(): boolean }> {
  const body = request(uid);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  opened.push(socket);
  let isClosed = false;
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isClosed = true;
  });
  socket.write(
    `POST /v1/bootstrap HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const head = await new Promise<string>((resolve) =>
    socket.once('data', (data) => {
      // At once: the kernel's window grows with what is read.
      socket.pause();
      resolve(String(data));
    }),
  );
  return { status: Number(head.slice(9, 12)), socket, closed: () => isClosed };
}

/** Holds back every answer of the API server until it is called. */
function hold(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  return resolve;
}

test('40 bootstraps of large environments at once hold no more than the total', async () => {
  await start(MIB, { largestBytes: 2 * MIB, mostBytes: 8 * MIB });
  const uids = Array.from({ length: 40 }, (_, index) => `u${index}`);
  for (const uid of uids) put(uid);
  const go = hold();
  let refused = 0;
  const answers = uids.map(async (uid) => {
    const answer = await bootstrap(uid);
    if (answer.code === 'overloaded') refused += 1;
    return answer;
  });
  await expect.poll(() => refused, WAIT).toBe(36);
  // A Secret that is not read takes no memory.
  expect(reads).toBe(4);
  go();
  expect((await Promise.all(answers)).filter(({ status }) => status === 200)).toHaveLength(4);
  // Each request gives its room back, however it ended.
  for (const uid of uids.slice(0, 8)) expect(await bootstrap(uid)).toMatchObject({ status: 200 });
});

test('instances that never read their answers cost their own namespace; another one’s is served at once', async () => {
  // More than a kernel's buffers take.
  const largestBytes = 12 * MIB;
  await start(largestBytes - MIB, { largestBytes, mostBytes: 2 * largestBytes });
  for (const uid of ['u0', 'u1', 'u2']) put(uid);
  const hoarders = [await neverRead('u0'), await neverRead('u1')];
  expect(hoarders.map(({ status }) => status)).toEqual([200, 200]);
  expect(await bootstrap('u2')).toMatchObject({ status: 503, code: 'overloaded', retryAfter: '2' });
  put('neighbour', 'other');
  expect(await bootstrap('neighbour')).toMatchObject({ status: 200 });
  for (const { socket } of hoarders) socket.resume();
  await expect.poll(() => hoarders.filter(({ closed }) => closed()).length, WAIT).toBe(1);
});

test('a launch has one bootstrap at a time', async () => {
  await start(1024, undefined);
  put('u0');
  const go = hold();
  const first = bootstrap('u0');
  while (reads === 0) await delay(5);
  expect(await bootstrap('u0')).toMatchObject({ status: 503, code: 'bootstrap_under_way', retryAfter: '2' });
  put('u1');
  const other = bootstrap('u1');
  go();
  expect((await first).status).toBe(200);
  expect((await other).status).toBe(200);
  expect((await bootstrap('u0')).status).toBe(200);
});

test('who asks again gives up the answer that it does not read', async () => {
  await start(12 * MIB, { largestBytes: 13 * MIB, mostBytes: 13 * MIB });
  put('u0');
  const first = await neverRead('u0');
  expect(first.status).toBe(200);
  expect((await bootstrap('u0')).status).toBe(200);
  first.socket.resume();
  await expect.poll(first.closed, WAIT).toBe(true);
});

test('an environment beyond the limit is not served, and the gateway goes on', async () => {
  await start(2 * MIB, { largestBytes: MIB, mostBytes: MIB });
  put('u0');
  for (let i = 0; i < 3; i += 1)
    expect(await bootstrap('u0')).toMatchObject({ status: 503, code: 'environment_too_large' });
  fixture.secrets.set('team/big', new Map([['BIG', Buffer.from('small')]]));
  put('u1');
  expect((await bootstrap('u1')).status).toBe(200);
});

test.each(['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token'])(
  'a Secret of type %s reaches no instance',
  async (type) => {
    await start(10, undefined);
    put('u0');
    fixture.secrets.get = () => {
      refuseType('big', type);
      return undefined;
    };
    expect(await bootstrap('u0')).toMatchObject({ status: 503, code: 'secret_refused' });
  },
);
