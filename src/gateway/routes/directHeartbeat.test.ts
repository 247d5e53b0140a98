import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createGatewayFixture, type GatewayFixture, UID } from '../../../test/support/gateway/gateway.ts';
import { createSession } from '../access/credentials.ts';
import { toLines } from '../base/lines.ts';
import { StoreUnavailable } from '../store/heartbeatStore.ts';

/** fastify answers requests that differ from what an agent sends, as by this header. */
const BY_FASTIFY = 'text/plain; charset=utf-8';
const DIRECTLY = 'text/plain';

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

async function send(type: string, body: string, session: string, accept = DIRECTLY, to = url) {
  const headers = { 'content-type': type, accept, authorization: `Bearer ${session}` };
  const response = await fetch(`${to}/v1/heartbeat`, { method: 'POST', headers, body });
  // After a body that it can't read, fastify alone closes the connection, though that body came whole.
  const { date: _, connection: _c, 'keep-alive': _k, ...answered } = Object.fromEntries(response.headers);
  return { status: response.status, headers: answered, body: await response.text() };
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

describe('what is answered without fastify is what fastify answers', () => {
  test.each<[string, number, (type: string) => Promise<Awaited<ReturnType<typeof send>>>]>([
    ['a heartbeat', 200, (type) => send(type, said(), sessionOf())],
    [
      'one that says all',
      200,
      (type) => send(type, said({ url: 'http://10.0.0.9', activeTasks: '3' }), sessionOf()),
    ],
    ['one with a notice', 200, (type) => send(type, said({ trouble: 'CommandFailing' }), sessionOf())],
    [
      'a malformed optional field',
      200,
      (type) => send(type, said({ activeTasks: '-1', later: 'x' }), sessionOf()),
    ],
    ['an acknowledgement', 200, (type) => send(type, said({ acknowledged: 'true' }), sessionOf())],
    ['another CA bundle', 200, (type) => send(type, said({ ca: 'a'.repeat(64) }), sessionOf())],
    ['a missing field', 400, (type) => send(type, said({ env: undefined }), sessionOf())],
    ['a malformed field', 400, (type) => send(type, said({ boot: '0' }), sessionOf())],
    ['a field that comes twice', 400, (type) => send(type, `${said()}seq MQ==\n`, sessionOf())],
    ['what is no line', 400, (type) => send(type, '{"number":1}', sessionOf())],
    ['bytes beyond ASCII', 400, (type) => send(type, 'é', sessionOf())],
    ['another launch’s number', 400, (type) => send(type, said({ number: '2' }), sessionOf())],
    [
      'an earlier launch',
      410,
      (type) => {
        fixture.put((_, status) => {
          if (status.launch) status.launch.number = 2;
        });
        return send(type, said(), sessionOf());
      },
    ],
    ['a Workspace that is not known here', 503, (type) => send(type, said(), sessionOf('another'))],
    ['a later launch', 503, (type) => send(type, said({ number: '9' }), sessionOf(UID, 9))],
    [
      'a database that is away',
      503,
      (type) => {
        isAway = true;
        return send(type, said(), sessionOf());
      },
    ],
    ['no credential that holds', 401, (type) => send(type, said(), `${sessionOf().slice(0, -2)}xx`)],
    ['a key that is not here', 503, (type) => send(type, said(), sessionOf().replace('s1.k1', 's1.k2'))],
    ['an empty body', 400, (type) => send(type, '', sessionOf())],
    ['a body beyond the limit', 413, (type) => send(type, 'a'.repeat(20_000), sessionOf())],
    ['an answer in JSON', 200, (type) => send(type, said(), sessionOf(), 'application/json')],
  ])('%s', async (_what, status, ask) => {
    const before = await counted(status);
    const byFastify = await ask(BY_FASTIFY);
    const directly = await ask(DIRECTLY);
    expect(directly).toEqual(byFastify);
    expect(directly.status).toBe(status);
    await expect.poll(() => counted(status), { timeout: 10_000 }).toBe(before + 2);
  });

  test('they count together for a launch’s limit', async () => {
    const few = { perLaunch: 3, perCaller: 3, perAddress: 1_000 };
    const { url: to } = await fixture.another({ limits: few }).start();
    const ask = (type: string) => send(type, said(), sessionOf(), DIRECTLY, to);
    const statuses: number[] = [];
    for (const type of [DIRECTLY, BY_FASTIFY, DIRECTLY, BY_FASTIFY]) statuses.push((await ask(type)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect(await ask(DIRECTLY)).toMatchObject({
      status: 429,
      headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
      body: expect.stringContaining('rate_limited'),
    });
  });
});

test('a body that comes in pieces is one heartbeat, and one whose sender goes away is none', async () => {
  const raw = async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const body = said();
  const head = `POST /v1/heartbeat HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nAccept: text/plain\r\nAuthorization: Bearer ${sessionOf()}\r\nContent-Length: ${body.length}\r\n\r\n`;
  const whole = await raw();
  for (const piece of [head, body.slice(0, 1), body.slice(1, 40), body.slice(40)]) {
    whole.write(piece);
    await new Promise(setImmediate);
  }
  expect(String((await once(whole, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
  whole.destroy();
  const stored = await fixture.store.find({ uid: UID, number: 1 });
  expect(stored?.seq).toBe(seq);
  const gone = await raw();
  gone.write(head + body.slice(0, 40));
  await new Promise(setImmediate);
  gone.destroy();
  await expect(send(DIRECTLY, said(), sessionOf())).resolves.toMatchObject({ status: 200 });
  expect(fixture.logs.filter((line) => line.includes('"level":50'))).toEqual([]);
});
