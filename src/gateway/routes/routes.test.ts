import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGatewayFixture, type GatewayFixture, UID } from '../../../test/support/gateway.ts';
import type { Workspace, WorkspaceStatus } from '../../api/workspace.ts';
import { type HeartbeatStore, StoreUnavailable } from '../heartbeatStore.ts';
import { fromLines } from '../lines.ts';

const KEY = 'VALUE-1';
let fixture: GatewayFixture;
/** Set to make the database be away. */
let storeAway = false;

function failing(store: HeartbeatStore): HeartbeatStore {
  return new Proxy(store, {
    get(target, property, receiver) {
      if (!storeAway) return Reflect.get(target, property, receiver);
      return () => Promise.reject(new StoreUnavailable('the database answered ECONNREFUSED'));
    },
  });
}

beforeEach(async () => {
  storeAway = false;
  fixture = await createGatewayFixture({ wrapStore: failing });
  fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from(KEY)]]));
});
afterEach(() => fixture.close());

type Change = (workspace: Workspace, status: WorkspaceStatus) => void;

/** Changes the launch of a status. */
const launch =
  (change: Partial<NonNullable<WorkspaceStatus['launch']>>): Change =>
  (_workspace, status) => {
    if (status.launch) Object.assign(status.launch, change);
  };

function post(url: string, payload: object | string, headers: Record<string, string> = {}) {
  return fixture.gateway.inject({ method: 'POST', url, payload, headers });
}

function bootstrap(over: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
  const body = { uid: UID, number: 1, ticket: fixture.ticket(), ...fixture.identity(), ...over };
  return post('/v1/bootstrap', body, headers);
}

async function credential(): Promise<string> {
  const answer = await bootstrap();
  return answer.json().credential;
}

function heartbeat(session: string, over: Record<string, unknown> = {}) {
  const env = fixture.workspaces.get('team/ada')?.status?.desired?.env;
  const body = { number: 1, boot: 1, seq: 1, env, ...over };
  return post('/v1/heartbeat', body, { authorization: `Bearer ${session}` });
}

describe('bootstrap', () => {
  test('the instance of the present launch gets the desired environment, and that is on record', async () => {
    const { status } = fixture.put();
    const answer = await bootstrap();
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toMatchObject({
      namespace: 'team',
      name: 'ada',
      number: 1,
      digest: status?.desired?.env,
      periodSeconds: 30,
      environment: {
        API_KEY: Buffer.from(KEY).toString('base64'),
        EDITOR: Buffer.from('vim').toString('base64'),
      },
    });
    expect(await fixture.store.find({ uid: UID, number: 1 })).toMatchObject({ env: status?.desired?.env });
  });

  test('speaks lines of NAME base64 both ways', async () => {
    fixture.put();
    const { document, signature } = fixture.identity();
    const fields = { uid: UID, number: '1', ticket: fixture.ticket(), document, signature };
    const lines = Object.entries(fields).map(
      ([name, value]) => `${name} ${Buffer.from(value).toString('base64')}\n`,
    );
    const answer = await post('/v1/bootstrap', lines.join(''), {
      'content-type': 'text/plain',
      accept: 'text/plain',
    });
    expect(answer.statusCode).toBe(200);
    expect(fromLines(answer.body)).toMatchObject({
      'environment.API_KEY': KEY,
      number: '1',
      periodSeconds: '30',
    });
  });

  test.each<[string, Change | undefined, Record<string, unknown>, number, string]>([
    ['a ticket of another launch', undefined, { number: 2 }, 403, 'ticket_invalid'],
    ['a ticket that nobody made', undefined, { ticket: `t1.k1.${'A'.repeat(43)}` }, 403, 'ticket_invalid'],
    ['a ticket of an unknown key', undefined, { ticket: `t1.k9.${'A'.repeat(43)}` }, 403, 'ticket_invalid'],
    ['no ticket', undefined, { ticket: undefined }, 401, 'unauthenticated'],
    ['no identity document', undefined, { document: undefined }, 403, 'identity_invalid'],
    [
      'an altered identity document',
      undefined,
      { document: '{"instanceId":"i-1"}' },
      403,
      'identity_invalid',
    ],
    [
      'another instance than the recorded one',
      launch({ instanceID: 'i-other' }),
      {},
      403,
      'identity_mismatch',
    ],
    ['an instance that is not recorded yet', launch({ instanceID: undefined }), {}, 503, 'instance_unknown'],
    ['a superseded launch', launch({ number: 2 }), {}, 410, 'superseded'],
    ['a launch that the cache has not seen', launch({ number: 0 }), {}, 503, 'launch_unknown'],
    ['a launch that is closed', launch({ phase: 'Closed' }), {}, 503, 'launch_not_open'],
    ['a launch that is stopped', launch({ phase: 'Stopped' }), {}, 503, 'launch_not_open'],
    [
      'a Workspace that is being deleted',
      ({ metadata }) => {
        metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
      },
      {},
      410,
      'workspace_deleting',
    ],
    ['a field that is too long', undefined, { document: 'x'.repeat(9000) }, 400, 'invalid_request'],
  ])('%s is refused', async (_name, change, over, status, code) => {
    fixture.put(change);
    const answer = await bootstrap(over);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(answer.headers['retry-after']).toBe(status === 503 ? '2' : undefined);
    expect(await fixture.store.find({ uid: UID, number: 1 })).toBeUndefined();
  });

  test('content that is not what the Workspace asks for is not served', async () => {
    fixture.put();
    fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from('VALUE-2')]]));
    expect((await bootstrap()).json().code).toBe('environment_unsettled');
    fixture.secrets.delete('team/ada-env');
    expect((await bootstrap()).json().code).toBe('environment_unsettled');
    expect(await fixture.store.find({ uid: UID, number: 1 })).toBeUndefined();
  });

  test.each<[string, Change, string]>([
    ['is superseded', launch({ number: 2 }), 'superseded'],
    [
      'is deleted',
      ({ metadata }) => {
        metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
      },
      'workspace_deleting',
    ],
    [
      'asks for another environment',
      (_workspace, { desired }) => {
        if (desired) desired.env = `k1:${'0'.repeat(64)}`;
      },
      'environment_unsettled',
    ],
  ])('a Workspace that %s while its Secrets are read gets nothing', async (_name, change, code) => {
    await fixture.close();
    fixture = await createGatewayFixture({
      readSecret: async (namespace, name) => {
        fixture.put(change);
        return fixture.secrets.get(`${namespace}/${name}`);
      },
    });
    fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from(KEY)]]));
    fixture.put();
    expect((await bootstrap()).json().code).toBe(code);
    expect(await fixture.store.find({ uid: UID, number: 1 })).toBeUndefined();
  });

  test('the ticket is spent with the first heartbeat; the session credential goes on', async () => {
    fixture.put();
    const session = await credential();
    expect((await bootstrap()).statusCode).toBe(200);
    expect((await heartbeat(session)).statusCode).toBe(200);
    expect((await bootstrap()).json().code).toBe('ticket_spent');
    const again = await post('/v1/bootstrap', {}, { authorization: `Bearer ${session}` });
    expect(again.statusCode).toBe(200);
    expect(again.json().credential).toBe(session);
  });

  test('nothing is served while the database is away', async () => {
    fixture.put();
    const session = await credential();
    storeAway = true;
    const answers = await Promise.all([
      bootstrap(),
      post('/v1/bootstrap', {}, { authorization: `Bearer ${session}` }),
      heartbeat(session),
    ]);
    for (const answer of answers) {
      expect([answer.statusCode, answer.json().code]).toEqual([503, 'storage_unavailable']);
      expect(answer.headers['retry-after']).toBe('2');
      expect(answer.body).not.toContain(Buffer.from(KEY).toString('base64'));
    }
  });

  test('nothing is served while the Secrets can’t be read, and the log does not quote the error', async () => {
    await fixture.close();
    fixture = await createGatewayFixture({
      readSecret: () => Promise.reject(new Error('CANARY in an error message')),
    });
    fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from(KEY)]]));
    fixture.put();
    expect((await bootstrap()).json().code).toBe('secrets_unavailable');
    expect(fixture.logs.join('')).toContain('secrets_unavailable');
    expect(fixture.logs.join('')).not.toContain('CANARY');
  });
});

describe('heartbeat', () => {
  test('is stored when it is answered', async () => {
    fixture.put();
    const session = await credential();
    const answer = await heartbeat(session, { url: 'http://10.0.0.9:8080', activeTasks: 3 });
    expect(answer.json()).toEqual({ periodSeconds: 30 });
    expect(await fixture.store.find({ uid: UID, number: 1 })).toMatchObject({
      boot: 1,
      seq: 1,
      fresh: true,
      url: 'http://10.0.0.9:8080',
    });
  });

  test('of a superseded launch is told so, and leaves no trace', async () => {
    fixture.put();
    const session = await credential();
    fixture.put(launch({ number: 2 }));
    const answer = await heartbeat(session);
    expect([answer.statusCode, answer.json().code]).toEqual([410, 'superseded']);
    expect(await fixture.store.find({ uid: UID, number: 1 })).toMatchObject({ fresh: false });
    expect(await fixture.store.find({ uid: UID, number: 2 })).toBeUndefined();
  });

  test('a credential speaks for its own launch only', async () => {
    fixture.put();
    const session = await credential();
    fixture.put(launch({ number: 2 }));
    expect((await heartbeat(session, { number: 2 })).json().code).toBe('invalid_request');
    const forged = session.replace(/\.[^.]+$/, `.${'A'.repeat(43)}`);
    expect((await heartbeat(forged)).json().code).toBe('unauthenticated');
    const other = `${session.split('.').slice(0, 2).join('.')}.${Buffer.from(JSON.stringify([UID, 2])).toString('base64url')}.${session.split('.')[3]}`;
    expect((await heartbeat(other, { number: 2 })).json().code).toBe('unauthenticated');
  });

  test('a Workspace that is not known here yet is no reason to stop', async () => {
    fixture.put();
    const session = await credential();
    fixture.workspaces.clear();
    const answer = await heartbeat(session, { env: `k1:${'0'.repeat(64)}` });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'launch_unknown']);
  });

  test.each([
    ['env that is no digest', { env: 'secret' }],
    ['url with a space', { url: 'http://a b' }],
    ['url of another scheme', { url: 'javascript:alert(1)' }],
    ['boot 0', { boot: 0 }],
    ['a fractional seq', { seq: 1.5 }],
  ])('%s is refused, and the value not quoted', async (_name, over) => {
    fixture.put();
    const answer = await heartbeat(await credential(), over);
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_request']);
    for (const value of Object.values(over)) {
      if (typeof value === 'string') expect(answer.body).not.toContain(value);
    }
  });

  test('why it was restarted is told until the launch acknowledges it', async () => {
    const restarted: Change = (_workspace, status) => {
      if (status.launch) status.launch.cause = { kind: 'SecretChanged', ref: '1' };
      if (status.desired) status.desired.changed = ['ada-env/API_KEY'];
    };
    fixture.put(restarted);
    const session = await credential();
    const restart = { at: '2026-01-01T00:00:00.000Z', cause: 'SecretChanged', changed: ['ada-env/API_KEY'] };
    expect((await heartbeat(session, { seq: 1 })).json().restart).toEqual(restart);
    expect((await heartbeat(session, { seq: 2 })).json().restart).toEqual(restart);
    expect((await heartbeat(session, { seq: 3, acknowledged: true })).json().restart).toBeUndefined();
    expect((await heartbeat(session, { seq: 4 })).json().restart).toBeUndefined();
  });

  test('names of a later generation explain no earlier launch', async () => {
    fixture.put((_workspace, status) => {
      if (status.launch) status.launch.cause = { kind: 'SecretChanged', ref: '1' };
      if (status.desired) Object.assign(status.desired, { generation: 2, changed: ['ada-env/OTHER'] });
    });
    const answer = await heartbeat(await credential());
    expect(answer.json().restart).toMatchObject({ cause: 'SecretChanged', changed: [] });
  });
});

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
    storeAway = true;
    expect((await send()).statusCode).toBe(202);
    expect(dropped().map(({ reason }) => reason)).toEqual(['NoLaunch', 'StorageUnavailable']);
  });
});

describe('the pollers’ view', () => {
  const get = () => fixture.gateway.inject({ method: 'GET', url: '/v1/workspaces/team/ada' });

  test('a booting Workspace is restarting, with EC2’s own word beside it', async () => {
    fixture.put((_workspace, status) => {
      if (status.instance) status.instance.state = 'pending';
    });
    const answer = await get();
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
    expect((await get()).json()).toMatchObject({ availability: 'Ready', url: 'http://10.0.0.9' });
    storeAway = true;
    expect((await get()).json()).toMatchObject({ availability: 'Unknown', reason: 'EvidenceUnavailable' });
  });

  test('one that does not exist is not found', async () => {
    expect((await get()).json().code).toBe('not_found');
  });

  test('pollers and reporters are asked who they are; instances are not', async () => {
    await fixture.close();
    fixture = await createGatewayFixture({ callers: async () => false });
    fixture.put();
    expect((await get()).json().code).toBe('unauthenticated');
    expect((await post('/v1/reports', { namespace: 'team', name: 'ada' })).json().code).toBe(
      'unauthenticated',
    );
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

  test('too many requests are told when to come again, one launch does not use up another’s share', async () => {
    await fixture.close();
    fixture = await createGatewayFixture({ limits: { perLaunch: 3, perAddress: 2 } });
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
