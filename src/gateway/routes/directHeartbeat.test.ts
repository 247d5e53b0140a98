import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTLS } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createServerCertificate } from '../../../dev/apiserver/transport/certificates.ts';
import { createGatewayFixture, type GatewayFixture, UID } from '../../../test/support/gateway/gateway.ts';
import { createSession } from '../access/credentials.ts';
import { toLines } from '../base/lines.ts';
import { StoreUnavailable } from '../store/heartbeatStore.ts';

/** fastify answers requests that differ from what an agent sends, as by this header. */
const BY_FASTIFY = 'text/plain; charset=utf-8';
const DIRECTLY = 'text/plain';
/** Sent before it on the same connection, so that Node has that connection. */
const ANOTHER_REQUEST = 'GET /v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n';

let fixture: GatewayFixture;
let url: string;
let isAway = false;
let seq = 0;
beforeAll(async () => {
  fixture = await createGatewayFixture({
    wrapStore: (store) => ({
      ...store,
      recordHeartbeats: (batch) =>
        isAway ? Promise.reject(new StoreUnavailable('away')) : store.recordHeartbeats(batch),
    }),
  });
  url = (await fixture.gateway.start()).url;
});
afterAll(() => fixture.close());
beforeEach(() => {
  isAway = false;
  fixture.put();
});

const sessionOf = (uid = UID, number = 1) =>
  createSession(fixture.keys.current('session'), { clusterID: 'cluster-1', uid, number });

/** Only a newer one is stored. */
function said(over: Record<string, string | undefined> = {}): string {
  seq += 1;
  const env = fixture.workspaces.get('team/ada')?.status?.desired?.env ?? '';
  return toLines({ number: '1', boot: '1', seq: String(seq), env, agent: 'sh/2', ...over });
}

const bytesOf = (type: string, body: string, session: string, accept = DIRECTLY) =>
  `POST /v1/heartbeat HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nAccept: ${accept}\r\nAuthorization: Bearer ${session}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

async function open(to = url): Promise<Socket> {
  const { protocol, port } = new URL(to);
  const at = { port: Number(port), host: '127.0.0.1' };
  const isTLS = protocol === 'https:';
  const socket = isTLS ? connectTLS({ ...at, rejectUnauthorized: false }) : connect(at);
  await once(socket, isTLS ? 'secureConnect' : 'connect');
  return socket;
}

/** The next answer, with the names and order of its fields as they come. */
async function ask(socket: Socket, bytes: string) {
  socket.write(bytes);
  let text = '';
  for (let end = -1, length = 0; end < 0 || Buffer.byteLength(text) < end + 4 + length; ) {
    text += String((await once(socket, 'data'))[0]);
    end = text.indexOf('\r\n\r\n');
    length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
  }
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [status = '', ...fields] = head.split('\r\n');
  // After a body that it can't read, fastify alone closes the connection, though that body came whole.
  const kept = fields.filter((field) => !/^(date|connection|keep-alive):/i.test(field));
  return { status: Number(status.split(' ')[1]), head: [status, ...kept], body };
}

async function send(
  type: string,
  body: string,
  session: string,
  accept = DIRECTLY,
  to = url,
  isNodes = false,
) {
  const socket = await open(to);
  if (isNodes) await ask(socket, ANOTHER_REQUEST);
  const answer = await ask(socket, bytesOf(type, body, session, accept));
  socket.destroy();
  return answer;
}

async function counted(status: number): Promise<number> {
  const metric = await fixture.registry.getSingleMetric('gateway_request_duration_seconds')?.get();
  const found = (metric?.values ?? []).find(
    (it) =>
      'metricName' in it &&
      it.metricName === 'gateway_request_duration_seconds_count' &&
      it.labels.route === '/v1/heartbeat' &&
      it.labels.status === String(status),
  );
  return found?.value ?? 0;
}

/** Sends a heartbeat one way. */
type Way = (body: string, session: string, accept?: string, to?: string) => ReturnType<typeof send>;
const byFastify: Way = (body, session, accept, to) => send(BY_FASTIFY, body, session, accept, to);
const onItsSocket: Way = (body, session, accept, to) => send(DIRECTLY, body, session, accept, to);
const throughNode: Way = (body, session, accept, to) => send(DIRECTLY, body, session, accept, to, true);

/** How many requests Node and fastify handle meanwhile. */
async function handled(work: () => Promise<unknown>): Promise<{ node: number; fastify: number }> {
  const requests = { node: 0, fastify: 0 };
  const node = () => {
    requests.node += 1;
  };
  const fastify = () => {
    requests.fastify += 1;
  };
  subscribe('http.server.request.start', node);
  subscribe('tracing:fastify.request.handler:start', fastify);
  await work();
  unsubscribe('http.server.request.start', node);
  unsubscribe('tracing:fastify.request.handler:start', fastify);
  return requests;
}

test('a heartbeat is answered in three ways, and two of them do without fastify', async () => {
  expect(await handled(() => onItsSocket(said(), sessionOf()))).toEqual({ node: 0, fastify: 0 });
  // The second request is the other one, before it.
  expect(await handled(() => throughNode(said(), sessionOf()))).toEqual({ node: 2, fastify: 0 });
  expect(await handled(() => byFastify(said(), sessionOf()))).toEqual({ node: 1, fastify: 1 });
});

test('over TLS as well, again and again on one connection', async () => {
  const { certPEM: cert, keyPEM: key } = await createServerCertificate();
  const { url: to } = await fixture.another({ tls: { cert, key } }).start();
  const socket = await open(to);
  const requests = await handled(async () => {
    for (let time = 0; time < 3; time += 1)
      expect((await ask(socket, bytesOf(DIRECTLY, said(), sessionOf()))).status).toBe(200);
  });
  expect(requests).toEqual({ node: 0, fastify: 0 });
  socket.destroy();
});

describe('what is answered without fastify is what fastify answers', () => {
  test.each<[string, number, (way: Way) => ReturnType<typeof send>]>([
    ['a heartbeat', 200, (way) => way(said(), sessionOf())],
    ['one that says all', 200, (way) => way(said({ url: 'http://10.0.0.9', activeTasks: '3' }), sessionOf())],
    ['one with a notice', 200, (way) => way(said({ trouble: 'CommandFailing' }), sessionOf())],
    ['a malformed optional field', 200, (way) => way(said({ activeTasks: '-1', later: 'x' }), sessionOf())],
    ['an acknowledgement', 200, (way) => way(said({ acknowledged: 'true' }), sessionOf())],
    ['another CA bundle', 200, (way) => way(said({ ca: 'a'.repeat(64) }), sessionOf())],
    ['a missing field', 400, (way) => way(said({ env: undefined }), sessionOf())],
    ['a malformed field', 400, (way) => way(said({ boot: '0' }), sessionOf())],
    ['a field that comes twice', 400, (way) => way(`${said()}seq MQ==\n`, sessionOf())],
    ['what is no line', 400, (way) => way('{"number":1}', sessionOf())],
    ['bytes beyond ASCII', 400, (way) => way('é', sessionOf())],
    ['another launch’s number', 400, (way) => way(said({ number: '2' }), sessionOf())],
    [
      'an earlier launch',
      410,
      (way) => {
        fixture.put((_, status) => {
          if (status.launch) status.launch.number = 2;
        });
        return way(said(), sessionOf());
      },
    ],
    ['a Workspace that is not known here', 503, (way) => way(said(), sessionOf('another'))],
    ['a later launch', 503, (way) => way(said({ number: '9' }), sessionOf(UID, 9))],
    [
      'a database that is away',
      503,
      (way) => {
        isAway = true;
        return way(said(), sessionOf());
      },
    ],
    ['no credential that holds', 401, (way) => way(said(), `${sessionOf().slice(0, -2)}xx`)],
    ['a key that is not here', 503, (way) => way(said(), sessionOf().replace('s1.k1', 's1.k2'))],
    ['an empty body', 400, (way) => way('', sessionOf())],
    ['a body beyond the limit', 413, (way) => way('a'.repeat(20_000), sessionOf())],
    ['an answer in JSON', 200, (way) => way(said(), sessionOf(), 'application/json')],
  ])('%s', async (_what, status, sendBy) => {
    const before = await counted(status);
    const expected = await sendBy(byFastify);
    expect(expected.status).toBe(status);
    expect(await sendBy(onItsSocket)).toEqual(expected);
    expect(await sendBy(throughNode)).toEqual(expected);
    await expect.poll(() => counted(status), { timeout: 10_000 }).toBe(before + 3);
  });

  test('they count together for a launch’s limit', async () => {
    const few = { perLaunch: 3, perCaller: 3, perAddress: 1_000 };
    const { url: to } = await fixture.another({ limits: few }).start();
    const by = (way: Way) => way(said(), sessionOf(), DIRECTLY, to);
    const statuses: number[] = [];
    for (const way of [onItsSocket, byFastify, throughNode, byFastify]) statuses.push((await by(way)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    for (const way of [onItsSocket, throughNode]) {
      const { status, head, body } = await by(way);
      expect(status).toBe(429);
      expect(head.join()).toMatch(/retry-after: \d+/);
      expect(body).toContain('rate_limited');
    }
  });
});

test('a body that comes in pieces is one heartbeat, and one whose sender goes away is none', async () => {
  const body = said();
  const head = bytesOf(DIRECTLY, body, sessionOf()).slice(0, -body.length);
  const whole = await open();
  for (const piece of [head, body.slice(0, 1), body.slice(1, 40), body.slice(40)]) {
    whole.write(piece);
    await new Promise(setImmediate);
  }
  expect(String((await once(whole, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
  whole.destroy();
  const stored = await fixture.store.find({ uid: UID, number: 1 });
  expect(stored?.seq).toBe(seq);
  const gone = await open();
  gone.write(head + body.slice(0, 40));
  await new Promise(setImmediate);
  gone.destroy();
  await expect(onItsSocket(said(), sessionOf())).resolves.toMatchObject({ status: 200 });
  expect(fixture.logs.filter((line) => line.includes('"level":50'))).toEqual([]);
});
