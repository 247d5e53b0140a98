import { beforeEach, expect, test } from 'vitest';
import { ISSUER } from '../../../dev/apiserver/access/tokens.ts';
import { createTestApi, type TestApi } from '../../../dev/apiserver/testApi.ts';
import { inProcessTransport } from '../../../dev/apiserver/transport/inProcessTransport.ts';
import { metaOf, objectAt, stringAt } from '../../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import { recordingLogger } from '../../../test/support/base/silentLogger.ts';
import { kubeClient } from '../../controller/client/kubeClient.ts';
import type { Callers } from './callers.ts';
import { createReviewedCallers } from './reviewedCallers.ts';

const ada = { namespace: 'default', name: 'ada' };
const bob = { namespace: 'default', name: 'bob' };
const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts';

let api: TestApi;
let callers: Callers;
let lines: Record<string, unknown>[];

function createCallers(...audiences: string[]): Callers {
  const recorded = recordingLogger();
  lines = recorded.lines;
  const { clock, handler } = api;
  const kube = kubeClient(inProcessTransport(handler, { clock }), { clock });
  const limits = { cacheMs: 10_000, staleMs: 60_000, timeoutMs: 5_000 };
  return createReviewedCallers({ kube, clock, logger: recorded.logger, audiences, ...limits });
}

beforeEach(async () => {
  api = createTestApi();
  callers = createCallers();
  const named = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'poller' } };
  await api.ok('POST', ACCOUNTS, { metadata: { name: 'poller' } });
  await api.ok('POST', ACCOUNTS, { metadata: { name: 'stranger' } });
  const rule = { verbs: ['get'], apiGroups: ['compute.molecule.ai'], resources: ['workspaces'] };
  const rules = [{ ...rule, resourceNames: ['ada'] }];
  await api.ok('POST', `${RBAC}/roles`, { ...named, kind: 'Role', rules });
  await api.ok('POST', `${RBAC}/rolebindings`, {
    ...named,
    kind: 'RoleBinding',
    roleRef: { kind: 'Role', name: 'poller' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'poller' }],
  });
  api.counters.reset();
});

async function tokenOf(account: string, spec: JsonObject = {}): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  return stringAt(objectAt(await api.ok('POST', `${ACCOUNTS}/${account}/token`, body), 'status'), 'token');
}

async function ask(token: string | undefined, workspace = ada): Promise<string> {
  try {
    await callers.admit(await callers.identify(token), workspace);
    return 'admitted';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const reviews = (resource: string) => api.counters.total({ verb: 'create', resource });

test('a caller that may get the Workspace is admitted, to that one alone', async () => {
  const poller = await tokenOf('poller');
  expect([await ask(poller), await ask(poller, bob)]).toEqual(['admitted', 'forbidden']);
  expect(await ask(await tokenOf('stranger'))).toBe('forbidden');
  const { username, groups } = await callers.identify(poller);
  expect([username, groups]).toEqual([
    'system:serviceaccount:default:poller',
    expect.arrayContaining(['system:authenticated']),
  ]);
});

test('a missing token and an unknown one are refused', async () => {
  const forged = (await tokenOf('poller')).replace(/.{4}$/, 'AAAA');
  for (const token of [undefined, 'nonsense', forged]) expect(await ask(token)).toBe('caller_unknown');
});

test('where an audience is asked for, a token must be for it', async () => {
  callers = createCallers('gateway');
  expect(await ask(await tokenOf('poller'))).toBe('caller_unknown');
  expect(await ask(await tokenOf('poller', { audiences: ['gateway', 'other'] }))).toBe('admitted');
});

test('while pollers move to another audience, tokens for either are taken', async () => {
  callers = createCallers('gateway', ISSUER);
  for (const audiences of [['gateway'], [ISSUER]])
    expect(await ask(await tokenOf('poller', { audiences }))).toBe('admitted');
  expect(await ask(await tokenOf('poller', { audiences: ['other'] }))).toBe('caller_unknown');
});

test('a yes that names no audience is for somebody else', async () => {
  const yes = { status: { authenticated: true, user: { username: 'poller' } } };
  const { clock } = api;
  const { logger } = recordingLogger();
  const kube = { create: async () => yes as never };
  const limits = { cacheMs: 1, staleMs: 1, timeoutMs: 1 };
  callers = createReviewedCallers({ kube, clock, logger, audiences: ['gateway'], ...limits });
  expect(await ask('token')).toBe('caller_unknown');
});

test('many who ask at once cost one review of the token and one of the right', async () => {
  const token = await tokenOf('poller');
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(token)));
  expect(new Set(answers)).toEqual(new Set(['admitted']));
  expect([
    reviews('tokenreviews.authentication.k8s.io'),
    reviews('subjectaccessreviews.authorization.k8s.io'),
  ]).toEqual([1, 1]);
});

test('made-up tokens displace no caller who is known: one at rest keeps a limit of its own', async () => {
  const answer = (token: string) => ({
    status: { authenticated: token === 'poller', user: { username: 'poller' }, allowed: true },
  });
  const kube = { create: async (_: unknown, body: { spec: { token: string } }) => answer(body.spec.token) };
  const { clock } = api;
  const limits = { cacheMs: 10_000, staleMs: 60_000, timeoutMs: 5_000 };
  callers = createReviewedCallers({
    kube: kube as never,
    clock,
    logger: recordingLogger().logger,
    audiences: [],
    ...limits,
  });
  expect(await ask('poller')).toBe('admitted');
  for (let index = 0; index < 2_001; index += 1) await ask(`made up ${index}`);
  expect(callers.known('poller')).toBe('poller');
});

test('a right that is taken away is gone once the answer is no longer good', async () => {
  const token = await tokenOf('poller');
  expect(await ask(token)).toBe('admitted');
  await api.ok('DELETE', `${RBAC}/rolebindings/poller`);
  expect(await ask(token)).toBe('admitted');
  await api.clock.advance(10_000);
  expect(await ask(token)).toBe('forbidden');
});

test('a ServiceAccount that is gone is unknown, though another has its name', async () => {
  const token = await tokenOf('poller');
  expect(await ask(token)).toBe('admitted');
  const { uid } = metaOf(await api.ok('GET', `${ACCOUNTS}/poller`));
  await api.ok('DELETE', `${ACCOUNTS}/poller`);
  await api.ok('POST', ACCOUNTS, { metadata: { name: 'poller' } });
  expect(metaOf(await api.ok('GET', `${ACCOUNTS}/poller`)).uid).not.toBe(uid);
  await api.clock.advance(10_000);
  expect(await ask(token)).toBe('caller_unknown');
});

test('while the API server is away known callers are believed for a while, and no others', async () => {
  const [known, unknown] = [await tokenOf('poller'), await tokenOf('stranger')];
  expect(await ask(known)).toBe('admitted');
  api.faults.add({ effect: { kind: 'disconnect' } });
  await api.clock.advance(10_000);
  expect([await ask(known), await ask(unknown)]).toEqual(['admitted', 'callers_unavailable']);
  expect(await ask(known, bob)).toBe('callers_unavailable');
  await api.clock.advance(50_000);
  expect(await ask(known)).toBe('callers_unavailable');
});

test('an API server that doesn’t answer is given up', async () => {
  const token = await tokenOf('poller');
  api.faults.add({ effect: { kind: 'latency', ms: 60_000 } });
  const answer = ask(token);
  await api.clock.advance(5_000);
  expect(await answer).toBe('callers_unavailable');
});

test('no token is in any log line, though the API server repeats it', async () => {
  const token = await tokenOf('poller');
  const message = `what is ${token}?`;
  api.faults.add({ effect: { kind: 'error', status: 500, message } });
  expect(await ask(token)).toBe('callers_unavailable');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ review: 'TokenReview', status: 500, reason: 'InternalError' });
  for (const part of token.split('.')) expect(JSON.stringify(lines)).not.toContain(part);
});
