import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CLUSTER,
  createGatewayFixture,
  type GatewayFixture,
  UID,
} from '../../../test/support/gateway/gateway.ts';
import { createSession } from '../access/credentials.ts';
import { toLines } from '../base/lines.ts';

// Each route with each of its fields at and beyond each edge: answered, never with a 5xx, and a neighbour's heartbeat is stored.

const ENV = `k1:${'0'.repeat(64)}`;
const DIGEST = 'a'.repeat(64);
const SIGNED = { document: 'x', signature: 'x' };

interface Route {
  /** Fields of a request that is well formed. */
  body?: Record<string, unknown>;
  query?: Record<string, string>;
  /** Of the path, by name. */
  params?: Record<string, string>;
  /** Its answer does not end. */
  streams?: true;
}

/** All routes, but HEAD beside GET. */
const ROUTES: Readonly<Record<string, Route>> = {
  'POST /v1/bootstrap': { body: { uid: UID, number: 1, ticket: 'x', ...SIGNED } },
  'POST /v1/heartbeat': {
    body: {
      ...{ number: 1, boot: 1, seq: 1, env: ENV, url: 'http://10.0.0.1', activeTasks: 1, agent: 'sh/2' },
      ...{ acknowledged: true, interruption: { action: 'stop', at: '2026-01-01T00:00:00Z' } },
      ...{ 'interruption.at': '2026-01-01T00:00:00Z', trouble: 'CommandFailing', ca: DIGEST },
    },
  },
  'POST /v1/reports': { body: { namespace: 'team', name: 'ada' } },
  'POST /v1/distrust': { body: { uid: UID, number: 1, ticket: 'x' } },
  'GET /v1/workspaces': { query: { namespace: 'team', limit: '10', continue: 'x', labelSelector: 'a=b' } },
  'GET /v1/workspaces/:namespace/:name': { params: { namespace: 'team', name: 'ada' } },
  'GET /v1/watch/workspaces': { query: { namespace: 'team', after: '1', name: 'ada' }, streams: true },
  'GET /v1/openapi.json': { query: { any: '' } },
  'GET /v1/agent': { query: { any: '' } },
  'GET /v1/agent/unit': { query: { any: '' } },
  'GET /v1/agent/:digest': { params: { digest: DIGEST } },
  'GET /v1/ca/:digest': { params: { digest: DIGEST } },
};

const NUMBERS = [-1, 0, 2 ** 31 - 1, 2 ** 31, 10 ** 14, 10 ** 14 + 1, 2 ** 53, 1e308, 0.5];
const TEXTS = [
  ...['', ' ', '\0', 'a\0b', '\ud800', '\u202e', '9'.repeat(16), '-1', '1e9', 'NaN', 'null', '__proto__'],
  ...['constructor', '../..', '%00', '%', 'k1:', `k1:${'0'.repeat(65)}`, 'http://', 'x'.repeat(12_000)],
  ...['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', '2016-12-31T23:59:60Z', '2026-02-30T00:00:00Z'],
];
const OTHERS: readonly unknown[] = [
  null,
  true,
  [],
  [[]],
  {},
  { at: '' },
  { __proto__: null, constructor: 1 },
];

let fixture: GatewayFixture;
beforeAll(async () => {
  const most = 1_000_000;
  fixture = await createGatewayFixture({ limits: { perLaunch: most, perCaller: most, perAddress: most } });
  fixture.put();
  const ada = fixture.put();
  fixture.workspaces.set('team/neighbour', {
    ...ada,
    metadata: { ...ada.metadata, name: 'neighbour', uid: 'neighbour' },
  });
});
afterAll(() => fixture.close());

const bearerOf = (uid: string) => ({
  authorization: `Bearer ${createSession(fixture.keys.current('session'), { clusterID: CLUSTER, uid, number: 1 })}`,
});
let beats = 0;
const neighbourBeats = async () => {
  beats += 1;
  const body = { number: 1, boot: 1, seq: beats, env: ENV };
  const answer = await fixture.gateway.inject({
    ...{ method: 'POST', url: '/v1/heartbeat', headers: bearerOf('neighbour'), payload: body },
  });
  return answer.statusCode;
};

function requestsOf(name: string, { body, query, params }: Route) {
  const [method = '', path = ''] = name.split(' ');
  const urlWith = (given: Record<string, string>, asked: Record<string, string> = {}) => {
    const url = path.replace(/:(\w+)/g, (_, key) => encodeURIComponent(given[key] ?? ''));
    const search = Object.entries(asked).map((pair) => pair.map(encodeURIComponent).join('='));
    return search.length > 0 ? `${url}?${search.join('&')}` : url;
  };
  const texts = TEXTS.filter((text) => text.isWellFormed());
  const requests: { method: string; url: string; headers?: object; payload?: string }[] = [];
  for (const field of Object.keys(params ?? {}))
    for (const value of texts) requests.push({ method, url: urlWith({ ...params, [field]: value }) });
  for (const field of Object.keys(query ?? {}))
    for (const value of texts)
      requests.push({ method, url: urlWith(params ?? {}, { ...query, [field]: value }) });
  for (const field of Object.keys(body ?? {})) {
    for (const value of [...NUMBERS, ...TEXTS, ...OTHERS]) {
      const json = JSON.stringify({ ...body, [field]: value });
      requests.push({ method, url: path, headers: { 'content-type': 'application/json' }, payload: json });
      if (typeof value === 'object') continue;
      const payload = toLines({ ...flat(body), [field]: String(value) });
      requests.push({ method, url: path, headers: { 'content-type': 'text/plain' }, payload });
    }
  }
  return requests;
}

const flat = (body: Record<string, unknown> = {}) =>
  Object.fromEntries(
    Object.entries(body).flatMap(([name, value]) =>
      typeof value === 'object' ? [] : [[name, String(value)]],
    ),
  );

test('each route that there is, is attacked here', async () => {
  const paths: string[] = [];
  const routes = (await fixture.gateway.printRoutes()).split('\n').flatMap((line) => {
    const [, indent = '', segment = '', methods = ''] = /^([│ ]*)[├└]── (\S+) \((.*)\)$/.exec(line) ?? [];
    if (segment === '') return [];
    const depth = indent.length / 4;
    paths.length = depth;
    paths.push(segment);
    return methods
      .split(', ')
      .filter((method) => method !== 'HEAD')
      .map((method) => `${method} ${paths.join('')}`);
  });
  // The present agent has a path of its own beside those that a ConfigMap holds.
  const named = routes.map((route) => route.replace(/[0-9a-f]{64}$/, ':digest'));
  expect([...new Set(named)].sort()).toEqual(Object.keys(ROUTES).sort());
});

describe.each(Object.entries(ROUTES))('%s', (name, route) => {
  test('at and beyond each edge of each field costs the neighbours nothing', async () => {
    const all = requestsOf(name, route);
    expect(all.length).toBeGreaterThan(10);
    for (let from = 0; from < all.length; from += 50) {
      const some = all.slice(from, from + 50).map(async (request) => {
        const given = { ...request, headers: { ...request.headers, ...bearerOf(UID) } } as never;
        if (route.streams) {
          // One that is well formed answers for ever.
          const ended = AbortSignal.timeout(200);
          await fixture.gateway
            .inject({ ...(given as object), signal: ended } as never)
            .catch(() => undefined);
          return '';
        }
        const { statusCode } = await fixture.gateway.inject(given);
        return statusCode >= 500 ? `${statusCode} to ${JSON.stringify(request).slice(0, 200)}` : '';
      });
      const [failed, beat] = await Promise.all([Promise.all(some), neighbourBeats()]);
      expect(failed.filter(Boolean)).toEqual([]);
      expect(beat).toBe(200);
    }
  });
});
