import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGatewayFixture, type GatewayFixture, UID } from '../../../test/support/gateway/gateway.ts';
import { type Change, createCalls, launch, switchable } from '../../../test/support/gateway/gatewayCalls.ts';
import { toLines } from '../base/lines.ts';

const notice = { action: 'terminate', at: '2026-03-01T12:02:00Z' };
const KEY = 'VALUE-1';
const away = { now: false };
let fixture: GatewayFixture;
const { bootstrap, credential, heartbeat, post } = createCalls(() => fixture);
const desiredEnv = () => fixture.workspaces.get('team/ada')?.status?.desired?.env ?? '';

beforeEach(async () => {
  away.now = false;
  fixture = await createGatewayFixture({ wrapStore: switchable(away) });
  fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from(KEY)]]));
});
afterEach(() => fixture.close());

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

  test.each([
    ['JSON', (env: string) => ({ payload: { number: 1, boot: 1, seq: 1, env, interruption: notice } })],
    [
      'lines',
      (env: string) => ({
        headers: { 'content-type': 'text/plain' },
        payload: toLines({ number: 1, boot: 1, seq: 1, env, interruption: notice }),
      }),
    ],
  ])('carries EC2’s notice of an interruption in %s', async (_format, requestOf) => {
    fixture.put();
    const authorization = `Bearer ${await credential()}`;
    const { headers, payload } = { headers: {}, ...requestOf(desiredEnv()) };
    const answer = await post('/v1/heartbeat', payload, { authorization, ...headers });
    expect(answer.statusCode).toBe(200);
    expect(await fixture.store.find({ uid: UID, number: 1 })).toMatchObject({
      interruption: { action: 'terminate', at: Date.parse(notice.at) },
    });
  });

  test('of a superseded launch gets 410, and leaves no trace', async () => {
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

  test('a credential of a key that is not here yet is no reason to give it up', async () => {
    fixture.put();
    const newer = (await credential()).replace('.k1.', '.k2x0123abcd.');
    const answer = await heartbeat(newer);
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'key_unknown']);
    expect(await fixture.store.find({ uid: UID, number: 1 })).toMatchObject({ fresh: false });
  });

  test('a Workspace that is not known here, yet or any more, is no reason to stop: that it lives is on record', async () => {
    fixture.put();
    const session = await credential();
    fixture.workspaces.clear();
    const answer = await heartbeat(session, { env: `k1:${'0'.repeat(64)}` });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'launch_unknown']);
    expect(await fixture.store.find({ uid: UID, number: 1 })).toMatchObject({ boot: 1, fresh: true });
  });

  test('one of a number that is not known here yet leaves no trace', async () => {
    fixture.put(launch({ number: 2 }));
    const session = (await bootstrap({ number: 2, ticket: fixture.ticket(2) })).json().credential;
    fixture.put(launch({ number: 1 }));
    expect((await heartbeat(session, { number: 2 })).json().code).toBe('launch_unknown');
    expect(await fixture.store.find({ uid: UID, number: 2 })).toMatchObject({ fresh: false });
  });

  test.each([
    ['url with a space', { url: 'http://a b' }],
    ['url of another scheme', { url: 'javascript:alert(1)' }],
    ['an interruption of another kind', { interruption: { ...notice, action: 'reboot' } }],
    ['an interruption at no time', { interruption: { ...notice, at: 'soon' } }],
    ['an interruption without its time', { interruption: { action: 'stop' } }],
    ['an acknowledgement that is no word', { acknowledged: 'perhaps' }],
  ])('%s costs that field alone, and the heartbeat is stored', async (_name, over) => {
    fixture.put();
    const answer = await heartbeat(await credential(), { activeTasks: 7, ...over });
    expect([answer.statusCode, answer.json().ignored]).toEqual([200, Object.keys(over)]);
    expect(answer.body).not.toMatch(/reboot|soon|alert|a b|perhaps/);
    expect(await fixture.store.find({ uid: UID, number: 1 })).toMatchObject({ fresh: true });
    expect(await fixture.database.query('SELECT active_tasks FROM workspace_launch')).toEqual([
      { active_tasks: 7 },
    ]);
  });

  test.each([
    ['env that is no digest', { env: 'secret' }],
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

  test('carries the restart context in its answer until the launch acknowledges it', async () => {
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
