import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGatewayFixture, type GatewayFixture } from '../../../test/support/gateway/gateway.ts';
import type { Callers } from '../access/callers.ts';
import { GatewayError } from '../base/errors.ts';
import { workspaceList } from '../views/workspaceView.ts';

let fixture: GatewayFixture;
/** Who may get what, as `namespace/name`, with empty words for all. */
let rights: Record<string, string[]>;
let asked: string[];

const callers: Callers = {
  known: (token) => token,
  async identify(token) {
    if (token === undefined) throw new GatewayError('caller_unknown');
    return { id: token, username: token, uid: '', groups: [], extra: {} };
  },
  async admit({ username }, { namespace, name }) {
    asked.push(`${namespace}/${name}`);
    if (!rights[username]?.includes(`${namespace}/${name}`)) throw new GatewayError('forbidden');
  },
};

beforeEach(async () => {
  asked = [];
  rights = { all: ['/'], team: ['team/'], one: ['team/w-003'], none: [] };
  fixture = await createGatewayFixture({ callers });
});
afterEach(() => fixture.close());

function fill(namespace: string, count: number): void {
  for (let i = 0; i < count; i += 1)
    fixture.put(({ metadata }) => {
      metadata.namespace = namespace;
      metadata.name = `w-${String(i).padStart(3, '0')}`;
      metadata.uid = `${namespace}-${i}`;
    });
}

async function list(as: string, query = '') {
  const headers = { authorization: `Bearer ${as}` };
  return fixture.gateway.inject({ url: `/v1/workspaces${query}`, headers });
}

async function names(as: string, query = ''): Promise<string[]> {
  const answer = await list(as, query);
  const page = answer.json();
  // What the schema does not know it would drop.
  expect(workspaceList.parse(page)).toEqual(page);
  return page.items.map((item: { namespace: string; name: string }) => `${item.namespace}/${item.name}`);
}

test('a list holds what its caller may get, by the rule of the single answer', async () => {
  fill('team', 5);
  fill('other', 2);
  expect(await names('all')).toHaveLength(7);
  expect(await names('team')).toEqual([0, 1, 2, 3, 4].map((i) => `team/w-00${i}`));
  expect(await names('one')).toEqual([]);
  expect(await names('one', '?namespace=team')).toEqual(['team/w-003']);
  expect(await names('none', '?namespace=team')).toEqual([]);
  expect((await fixture.gateway.inject({ url: '/v1/workspaces' })).json().code).toBe('caller_unknown');
});

test('its views are those of the single answer', async () => {
  fixture.put();
  const [item] = (await list('all')).json().items;
  rights.all?.push('team/ada');
  const single = await fixture.gateway.inject({
    url: '/v1/workspaces/team/ada',
    headers: { authorization: 'Bearer all' },
  });
  expect(item).toEqual(single.json());
});

test('pages follow one another without a gap, also where Workspaces come and go between them', async () => {
  fill('team', 10);
  const all: string[] = [];
  let query = '?limit=3';
  for (let page = 0; page < 5; page += 1) {
    const answer = (await list('all', query)).json();
    all.push(...answer.items.map(({ name }: { name: string }) => name));
    if (page === 0) fixture.remove('team/w-002');
    if (answer.continue === undefined) break;
    query = `?limit=3&continue=${answer.continue}`;
  }
  expect(all).toEqual(Array.from({ length: 10 }, (_, i) => `w-00${i}`));
});

test('one who may get all costs one question; one without rights costs a page’s share, and a 429 in the end', async () => {
  fill('team', 100);
  await names('all', '?namespace=team');
  expect(asked).toEqual(['/']);
  asked = [];
  const answer = (await list('none', '?namespace=team')).json();
  expect(answer.items).toEqual([]);
  expect(answer.continue).toBeDefined();
  expect(asked).toHaveLength(64);
  await fixture.close();
  fixture = await createGatewayFixture({
    callers,
    limits: { perLaunch: 1_000, perCaller: 100, perAddress: 1_000 },
  });
  fill('team', 100);
  await list('none', '?namespace=team');
  const refused = await list('none', '?namespace=team');
  expect([refused.statusCode, refused.json().code]).toEqual([429, 'rate_limited']);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(await names('team', '?namespace=team')).toHaveLength(100);
});

test('no page names a Workspace that its caller may not see, nor takes the place of another caller', async () => {
  fill('team', 100);
  const { continue: place } = (await list('none', '?namespace=team')).json();
  for (const text of [place, Buffer.from(place, 'base64url').toString('latin1')])
    expect(text).not.toMatch(/team|w-\d/);
  expect((await list('none', `?namespace=team&continue=${place}`)).statusCode).toBe(200);
  const guessed = Buffer.from('team/w-01').toString('base64url');
  for (const [caller, wrong] of [
    ['all', place],
    ['none', guessed],
    ['none', `c1.${guessed}`],
  ])
    expect((await list(caller ?? '', `?namespace=team&continue=${wrong}`)).statusCode).toBe(400);
});

test('an API server that can’t be asked is no refusal', async () => {
  fill('team', 2);
  await fixture.close();
  fixture = await createGatewayFixture({
    callers: { ...callers, admit: () => Promise.reject(new GatewayError('callers_unavailable')) },
  });
  fill('team', 2);
  const answer = await list('all');
  expect([answer.statusCode, answer.json().code]).toEqual([503, 'callers_unavailable']);
});

test.each([
  '?limit=0',
  '?limit=501',
  '?limit=x',
  '?namespace=A',
  '?continue=%00',
  `?continue=${'a'.repeat(2_000)}`,
])('%s is refused', async (query) => {
  const answer = await list('all', query);
  expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_request']);
});

test('names that every object has are names like any other', async () => {
  for (const name of ['constructor', 'tostring', 'valueof'])
    fixture.put(({ metadata }) => Object.assign(metadata, { namespace: 'team', name, uid: name }));
  expect(await names('team')).toEqual(['team/constructor', 'team/tostring', 'team/valueof']);
});
