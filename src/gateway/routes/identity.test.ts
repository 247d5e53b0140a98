import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createGatewayFixture,
  type GatewayFixture,
  INSTANCE,
  UID,
} from '../../../test/support/gateway/gateway.ts';
import { type Change, launch } from '../../../test/support/gateway/gatewayCalls.ts';
import { classOf } from '../../../test/support/workspace/facts.ts';

const AT = '2026-01-01T00:01:00.000Z';
let fixture: GatewayFixture;
let url: string;

beforeEach(async () => {
  fixture = await createGatewayFixture({ identityScope: { accountID: '123456789012', region: 'eu-test-1' } });
  fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from('first')]]));
  url = (await fixture.gateway.start()).url;
});
afterEach(() => fixture.close());

async function post(path: string, body: object, session?: string) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(session && { authorization: `Bearer ${session}` }) },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}
const paper = (fields: Record<string, string> = {}, id = INSTANCE) =>
  fixture.identity(id, { accountId: '123456789012', ...fields });
const withTicket = (over: object = paper()) =>
  post('/v1/bootstrap', { uid: UID, number: 1, ticket: fixture.ticket(), ...over });
const beat = (session: string, over: object = {}) => {
  const env = fixture.workspaces.get('team/ada')?.status?.desired?.env;
  return post('/v1/heartbeat', { number: 1, boot: 1, seq: 1, env, ...over }, session);
};
const rotate = (change?: Change) => {
  fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from('rotated')]]));
  fixture.put(change);
};
const ofStub = (stub: number, more: object = {}): Change =>
  launch({
    params: { userData: { stub }, ...more } as NonNullable<
      NonNullable<Parameters<Change>[1]['launch']>['params']
    >,
  });
const both =
  (...changes: Change[]): Change =>
  (workspace, status) => {
    for (const change of changes) change(workspace, status);
  };

describe('only the launch’s own instance bootstraps', () => {
  test.each([
    ['another account', { accountId: '999999999999' }, 403],
    ['another region', { region: 'us-test-1' }, 403],
    ['the account and region of the settings', {}, 200],
  ])('a document of %s', async (_name, fields, status) => {
    fixture.put();
    const answer = await withTicket(paper(fields));
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.body).toMatchObject({ code: 'identity_mismatch' });
  });

  test('a stolen session alone, or with the document of another instance, fetches nothing', async () => {
    fixture.put();
    const { credential = '' } = (await withTicket()).body;
    await beat(credential);
    rotate(launch({ readyAt: AT }));
    expect(await post('/v1/bootstrap', {}, credential)).toMatchObject({
      status: 403,
      body: { code: 'identity_invalid' },
    });
    const thief = await post('/v1/bootstrap', paper({}, 'i-0fedcba9876543210'), credential);
    expect(thief).toMatchObject({ status: 403, body: { code: 'identity_mismatch' } });
    expect((await post('/v1/bootstrap', paper(), credential)).status).toBe(200);
  });

  test('an instance that slept over a weekend, or through the loss of the database, boots with its session', async () => {
    fixture.put();
    const { credential = '' } = (await withTicket()).body;
    await beat(credential);
    await fixture.database.query('DELETE FROM workspace_launch');
    rotate(launch({ after: { boot: 1 } }));
    const answer = await post('/v1/bootstrap', paper({ pendingTime: '2026-01-05T07:00:00Z' }), credential);
    expect(answer).toMatchObject({ status: 200 });
    expect((await beat(credential, { boot: 2 })).status).toBe(200);
  });
});

describe('a launch of a release whose agent shows no document with its session', () => {
  let credential = '';
  beforeEach(async () => {
    fixture.put(ofStub(1));
    credential = (await withTicket()).body.credential ?? '';
    await beat(credential);
  });

  test.each([
    ['of a later stub', ofStub(2)],
    ['that a release armed whose agents always show it', ofStub(1, { mac: 'm1:k1:mac' })],
  ])('but not one %s', async (_name, change) => {
    fixture.put(both(change, launch({ readyAt: AT })));
    expect((await post('/v1/bootstrap', {}, credential)).status).toBe(403);
    expect((await post('/v1/bootstrap', paper(), credential)).status).toBe(200);
  });

  test('boots again with what it held', async () => {
    fixture.put(both(ofStub(1), launch({ readyAt: AT })));
    expect((await post('/v1/bootstrap', {}, credential)).status).toBe(200);
  });

  test('gets rotated Secrets only while the operator itself starts it', async () => {
    rotate(both(ofStub(1), launch({ readyAt: AT })));
    expect((await post('/v1/bootstrap', {}, credential)).status).toBe(403);
    rotate(both(ofStub(1), launch({ after: { boot: 1 } })));
    expect((await post('/v1/bootstrap', {}, credential)).status).toBe(200);
    await beat(credential, { boot: 2 });
    fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from('rotated again')]]));
    fixture.put(both(ofStub(1), launch({ after: { boot: 1 } })));
    expect((await post('/v1/bootstrap', {}, credential)).status).toBe(403);
  });
});

describe('a deleted row makes no ticket good again', () => {
  test.each<[string, Change]>([
    ['was Ready', launch({ readyAt: AT })],
    ['is being started again', launch({ after: { boot: 1 } })],
    [
      'holds an environment',
      (_workspace, status) => {
        if (status.instance) status.instance.env = status.desired?.env;
      },
    ],
  ])('when the status shows that the launch %s', async (_name, change) => {
    fixture.put();
    const { credential = '' } = (await withTicket()).body;
    await beat(credential);
    await fixture.database.query('DELETE FROM workspace_launch');
    fixture.put(change);
    expect(await withTicket()).toMatchObject({ status: 403, body: { code: 'ticket_spent' } });
    // A report makes a row that says nothing of a bootstrap.
    await post('/v1/reports', { namespace: 'team', name: 'ada' });
    expect((await withTicket()).status).toBe(403);
  });

  test('an answer that was lost is asked for again', async () => {
    fixture.put();
    await withTicket();
    fixture.put((_workspace, status) => {
      if (status.instance) status.instance.env = status.desired?.env;
    });
    expect((await withTicket()).status).toBe(200);
  });
});

describe('a url is passed on only to the instance’s own address or a name that its class allows', () => {
  async function passedOn(said: string): Promise<Record<string, string>> {
    fixture.put();
    const { credential = '' } = (await withTicket()).body;
    expect((await beat(credential, { url: said })).status).toBe(200);
    return (await (await fetch(`${url}/v1/workspaces/team/ada`)).json()) as Record<string, string>;
  }

  test.each([
    'http://10.0.0.9:8080/path?q=1',
    'https://10.0.0.9',
    'https://ada.team.ws.example.com/',
    'https://any.shared.example.com',
  ])('%s', async (said) => {
    fixture.classes.set(
      'standard',
      classOf({ agentHosts: ['{name}.{namespace}.ws.example.com', '*.shared.example.com'] }),
    );
    expect(await passedOn(said)).toMatchObject({ url: said });
  });

  test.each([
    'http://10.0.0.10',
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.9@evil.example.com/',
    'http://10.0.0.9\\@evil.example.com/',
    'http://0x0a.0.0.9/',
    'http://167772169/',
    'https://bob.team.ws.example.com',
    'https://a.b.shared.example.com',
    'https://shared.example.com',
    'https://[::1]/',
    'https://evil.example.com',
  ])('not %s', async (said) => {
    fixture.classes.set(
      'standard',
      classOf({ agentHosts: ['{name}.{namespace}.ws.example.com', '*.shared.example.com'] }),
    );
    const view = await passedOn(said);
    expect(view).not.toHaveProperty('url');
    expect(view.urlWithheld).toContain('spec.agentHosts of WorkspaceClass "standard"');
  });
});
