import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGatewayFixture, type GatewayFixture, UID } from '../../../test/support/gateway/gateway.ts';
import { type Change, createCalls, launch, switchable } from '../../../test/support/gateway/gatewayCalls.ts';
import type { Callers } from '../access/callers.ts';
import { GatewayError } from '../base/errors.ts';

const KEY = 'VALUE-1';
const away = { now: false };
let fixture: GatewayFixture;
const { post, get, bootstrap, credential, heartbeat } = createCalls(() => fixture);

beforeEach(async () => {
  away.now = false;
  fixture = await createGatewayFixture({ wrapStore: switchable(away) });
  fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from(KEY)]]));
});
afterEach(() => fixture.close());

describe('reports', () => {
  const send = () => post('/v1/reports', { namespace: 'team', name: 'ada' });
  const count = async (outcome: string) => {
    const metric = await fixture.registry.getSingleMetric('workspace_reports_total')?.get();
    return metric?.values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
  };
  const dropped = () =>
    fixture.logs.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'report.dropped');

  test.each<[string, Change]>([
    ['is submitted and has not heartbeated', launch({})],
    ['waits for its predecessor', launch({ phase: 'Waiting' })],
  ])('while the launch %s they are counted and logged as dropped', async (_name, change) => {
    fixture.put(change);
    for (let i = 0; i < 4; i += 1) expect((await send()).statusCode).toBe(202);
    expect([await count('dropped'), await count('forwarded')]).toEqual([4, 0]);
    expect(dropped()).toHaveLength(4);
    expect(dropped()[0]).toMatchObject({ namespace: 'team', name: 'ada', number: 1, reason: 'Progressing' });
  });

  test('otherwise they make the loop look', async () => {
    fixture.put(launch({ readyAt: '2026-01-01T00:01:00.000Z' }));
    await fixture.store.recordServed({ uid: UID, number: 1 }, `k1:${'a'.repeat(64)}`);
    const before = await fixture.store.find({ uid: UID, number: 1 });
    expect((await send()).statusCode).toBe(202);
    const after = await fixture.store.find({ uid: UID, number: 1 });
    expect(after?.version).not.toBe(before?.version);
    expect([await count('dropped'), await count('forwarded')]).toEqual([0, 1]);
  });

  test('they are accepted for what is not there and while the database is away', async () => {
    expect((await send()).statusCode).toBe(202);
    fixture.put(launch({ readyAt: '2026-01-01T00:01:00.000Z' }));
    away.now = true;
    expect((await send()).statusCode).toBe(202);
    expect(dropped().map(({ reason }) => reason)).toEqual(['NoLaunch', 'StorageUnavailable']);
  });
});

describe('the pollers’ view', () => {
  const view = () => get('/v1/workspaces/team/ada');

  test('a booting Workspace is restarting, with EC2’s own word beside it', async () => {
    fixture.put((_workspace, status) => {
      if (status.instance) status.instance.state = 'pending';
    });
    const answer = await view();
    expect(answer.json()).toMatchObject({
      availability: 'Restarting',
      reason: 'Booting',
      instance: { state: 'pending' },
    });
    expect(answer.headers['retry-after']).toBe('2');
  });

  test('a heartbeating one is ready, and unknown while the database is away', async () => {
    fixture.put();
    await heartbeat(await credential(), { url: 'http://10.0.0.9' });
    fixture.put(launch({ readyAt: '2026-01-01T00:01:00.000Z' }));
    expect((await view()).json()).toMatchObject({ availability: 'Ready', url: 'http://10.0.0.9' });
    away.now = true;
    expect((await view()).json()).toMatchObject({ availability: 'Unknown', reason: 'EvidenceUnavailable' });
  });

  test('one that does not exist is not found', async () => {
    expect((await view()).json().code).toBe('not_found');
  });

  test('pollers and reporters are asked who they are and about what; instances are not', async () => {
    await fixture.close();
    const asked: string[] = [];
    const callers: Callers = {
      known: () => undefined,
      async identify(token) {
        if (token === undefined) throw new GatewayError('caller_unknown');
        return { id: token, username: token, uid: '', groups: [], extra: {} };
      },
      async admit({ username }, { namespace, name }) {
        asked.push(`${username} ${namespace}/${name}`);
        if (username !== 'poller') throw new GatewayError('forbidden');
      },
    };
    fixture = await createGatewayFixture({ callers });
    fixture.put();
    const as = (name: string) => ({ authorization: `Bearer ${name}` });
    const report = { namespace: 'team', name: 'ada' };
    expect((await view()).json().code).toBe('caller_unknown');
    expect((await post('/v1/reports', report)).json().code).toBe('caller_unknown');
    expect((await get('/v1/workspaces/team/bob', as('other'))).json().code).toBe('forbidden');
    expect((await post('/v1/reports', report, as('other'))).json().code).toBe('forbidden');
    expect((await get('/v1/workspaces/team/ada', as('poller'))).statusCode).toBe(200);
    expect((await post('/v1/reports', report, as('poller'))).statusCode).toBe(202);
    expect(asked).toEqual(['other team/bob', 'other team/ada', 'poller team/ada', 'poller team/ada']);
    expect((await bootstrap()).statusCode).toBe(200);
  });
});

describe('limits and formats', () => {
  test.each<[string, string, Record<string, string>, number, string]>([
    ['no JSON', '{', { 'content-type': 'application/json' }, 400, 'invalid_request'],
    ['no lines', 'a b c', { 'content-type': 'text/plain' }, 400, 'invalid_request'],
    ['a name twice', 'a YQ==\na YQ==\n', { 'content-type': 'text/plain' }, 400, 'invalid_request'],
    ['another type', '<a/>', { 'content-type': 'application/xml' }, 415, 'unsupported_media_type'],
    [
      'too much',
      JSON.stringify({ a: 'x'.repeat(20_000) }),
      { 'content-type': 'application/json' },
      413,
      'body_too_large',
    ],
  ])('a body that is %s is refused', async (_name, body, headers, status, code) => {
    const answer = await post('/v1/bootstrap', body, headers);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
  });

  test('too many requests get Retry-After, and one launch does not use up another’s share', async () => {
    await fixture.close();
    fixture = await createGatewayFixture({ limits: { perLaunch: 3, perCaller: 1, perAddress: 2 } });
    fixture.put();
    const session = await credential();
    const codes = [];
    for (let seq = 1; seq <= 4; seq += 1) codes.push((await heartbeat(session, { seq })).statusCode);
    expect(codes.at(0)).toBe(200);
    expect(codes.at(-1)).toBe(429);
    const other = await bootstrap({ number: 2, ticket: fixture.ticket(2) });
    expect(other.json().code).toBe('launch_unknown');
    const strangers = [];
    for (let i = 0; i < 3; i += 1) strangers.push(await bootstrap({ ticket: 'none' }));
    expect(strangers.map((answer) => answer.json().code)).toEqual([
      'ticket_invalid',
      'ticket_invalid',
      'rate_limited',
    ]);
    expect(Number(strangers.at(-1)?.headers['retry-after'])).toBeGreaterThan(0);
    const callers = [];
    for (let i = 0; i < 3; i += 1)
      callers.push((await post('/v1/reports', { namespace: 'a', name: 'b' })).statusCode);
    expect(callers).toEqual([202, 202, 429]);
  });

  test('the agent comes with its digest as tag, once', async () => {
    const first = await fixture.gateway.inject({ url: '/v1/agent' });
    expect(first.body).toBe('#!/bin/sh\n');
    expect(first.headers.etag).toMatch(/^"sha256-[0-9a-f]{64}"$/);
    const again = await fixture.gateway.inject({
      url: '/v1/agent',
      headers: { 'if-none-match': String(first.headers.etag) },
    });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    expect((await fixture.gateway.inject({ url: '/v1/agent/unit' })).body).toBe('[Unit]\n');
  });

  test('an unknown path is answered in the same way as every error', async () => {
    const answer = await fixture.gateway.inject({ url: '/v2/none' });
    expect([answer.statusCode, answer.json()]).toEqual([
      404,
      { code: 'not_found', message: expect.any(String) },
    ]);
  });
});
