import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGatewayFixture, type GatewayFixture, UID } from '../../../test/support/gateway/gateway.ts';
import {
  type Change,
  createCalls,
  deleting,
  launch,
  switchable,
} from '../../../test/support/gateway/gatewayCalls.ts';
import { fromLines } from '../base/lines.ts';

const KEY = 'VALUE-1';
const away = { now: false };
let fixture: GatewayFixture;
const { post, bootstrap, credential, heartbeat } = createCalls(() => fixture);

beforeEach(async () => {
  away.now = false;
  fixture = await createGatewayFixture({ wrapStore: switchable(away) });
  fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from(KEY)]]));
});
afterEach(() => fixture.close());

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
      environment: { API_KEY: KEY },
      number: '1',
      periodSeconds: '30',
    });
  });

  test.each<[string, Change | undefined, Record<string, unknown>, number, string]>([
    ['a ticket of another launch', undefined, { number: 2 }, 403, 'ticket_invalid'],
    ['a forged ticket', undefined, { ticket: `t1.k1.${'A'.repeat(43)}` }, 403, 'ticket_invalid'],
    [
      'a ticket of a key that is not here yet',
      undefined,
      { ticket: `t1.k9.${'A'.repeat(43)}` },
      503,
      'key_unknown',
    ],
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
    [
      'a launch that has ended',
      launch({ ended: { outcome: 'Lost', at: '2026-01-01T00:00:00Z' } }),
      {},
      503,
      'launch_not_open',
    ],
    ['a launch that is closed', launch({ phase: 'Closed' }), {}, 503, 'launch_not_open'],
    ['a launch that is stopped', launch({ phase: 'Stopped' }), {}, 503, 'launch_not_open'],
    ['a Workspace that is being deleted', deleting, {}, 410, 'workspace_deleting'],
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
    ['is deleted', deleting, 'workspace_deleting'],
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
    const again = await bootstrap({}, { authorization: `Bearer ${session}` });
    expect(again.statusCode).toBe(200);
    expect(again.json().credential).toBe(session);
  });

  test('nothing is served while the database is away', async () => {
    fixture.put();
    const session = await credential();
    away.now = true;
    const answers = await Promise.all([
      bootstrap(),
      bootstrap({}, { authorization: `Bearer ${session}` }),
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
