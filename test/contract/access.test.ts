import { expect, test } from 'vitest';
import { objectAt, stringAt } from '../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';
import {
  accessReview,
  asked,
  grant,
  requestToken,
  review,
  serviceAccount,
  tokenOf,
} from './support/access.ts';
import { merge, stampOfMaking } from './support/api.ts';
import { configMap, configMapsIn, widget, widgetsIn } from './support/kinds.ts';
import { contract } from './support/servers.ts';

const widgetsGroup = 'contract.example.com';
const rule = (resources: string[], verbs: string[], rest: JsonObject = {}): JsonObject => ({
  apiGroups: [widgetsGroup],
  resources,
  verbs,
  ...rest,
});
const forbidden = { code: 403, reason: 'Forbidden', causes: [] };

contract('tokens of ServiceAccounts', (api) => {
  test('are reviewed: whose they are, and for whom', async () => {
    const account = await serviceAccount(api, await api.namespace());
    const { namespace, username, uid } = account;
    const token = await tokenOf(api, account);
    const status = await asked(api, review('TokenReview', { token }));
    expect(status).toMatchObject({
      authenticated: true,
      user: {
        username,
        uid,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
        extra: { 'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^JTI=/)] },
      },
      audiences: [expect.stringMatching(/^https:/)],
    });
  });

  test('are good for the audiences that they name, and no others', async () => {
    const account = await serviceAccount(api, await api.namespace());
    const token = await tokenOf(api, account, { audiences: ['gateway', 'other'] });
    const reviewed = (audiences?: string[]) =>
      asked(api, review('TokenReview', { token, ...(audiences && { audiences }) }));
    expect(await reviewed(['gateway', 'none'])).toMatchObject({
      authenticated: true,
      audiences: ['gateway'],
    });
    for (const audiences of [undefined, ['none']]) {
      const { authenticated, user, error } = await reviewed(audiences);
      expect([authenticated, user, typeof error]).toEqual([undefined, {}, 'string']);
    }
    const { status, body } = await api.as(token).call('GET', '/api/v1/namespaces');
    expect([status, body.reason]).toEqual([401, 'Unauthorized']);
  });

  test('are void when the account is gone, though another has its name', async () => {
    const account = await serviceAccount(api, await api.namespace());
    const token = await tokenOf(api, account);
    await api.ok('DELETE', `/api/v1/namespaces/${account.namespace}/serviceaccounts/bot`);
    await serviceAccount(api, account.namespace);
    expect((await asked(api, review('TokenReview', { token }))).authenticated).toBeUndefined();
  });

  test('text that is no token authenticates no one, and is no error', async () => {
    const [head, body] = (await tokenOf(api, await serviceAccount(api, await api.namespace()))).split('.');
    for (const token of ['nonsense', `${head}.${body}.`, `${head}.${body}.AAAA`]) {
      const { authenticated, user } = await asked(api, review('TokenReview', { token }));
      expect([authenticated, user]).toEqual([undefined, {}]);
    }
    expect(await api.refused('POST', ...review('TokenReview'))).toMatchObject({ code: 400 });
  });

  test('are asked for with limits', async () => {
    const account = await serviceAccount(api, await api.namespace());
    const { body } = await requestToken(api, account, { expirationSeconds: 600 });
    const expires = Date.parse(stringAt(objectAt(body, 'status'), 'expirationTimestamp'));
    const issued = new Date(expires - 600_000).toISOString();
    expect(stampOfMaking(issued, objectAt(body, 'metadata').creationTimestamp)).toBe(issued);
    const brief = await requestToken(api, account, { expirationSeconds: 60 });
    expect([brief.status, brief.body.reason]).toEqual([422, 'Invalid']);
    const nobody = await requestToken(api, { ...account, name: 'nobody' });
    expect([nobody.status, nobody.body.reason]).toEqual([404, 'NotFound']);
  });
});

contract('who asks', (api) => {
  test('gets their own identity', async () => {
    const account = await serviceAccount(api, await api.namespace());
    const own = await asked(api, review('SelfSubjectReview'));
    expect(own.userInfo).toMatchObject({
      username: 'administrator',
      groups: ['system:masters', 'system:authenticated'],
    });
    const other = await asked(api.as(await tokenOf(api, account)), review('SelfSubjectReview'));
    expect(other.userInfo).toMatchObject({ username: account.username, uid: account.uid });
  });

  test('may do what a role lets them, where it lets them, and nothing else', async () => {
    const account = await serviceAccount(api, await api.namespace());
    const elsewhere = await api.namespace();
    const bot = api.as(await tokenOf(api, account));
    const widgets = widgetsIn(account.namespace);
    await api.ok('POST', widgets, widget('a'));
    expect(await bot.refusedSaying('GET', `${widgets}/a`)).toMatchObject({
      ...forbidden,
      message: `widgets.${widgetsGroup} "a" is forbidden: User "${account.username}" cannot get resource "widgets" in API group "${widgetsGroup}" in the namespace "${account.namespace}"`,
    });
    await grant(
      api,
      account,
      rule(['widgets'], ['get', 'list', 'watch']),
      rule(['widgets/status'], ['patch']),
    );
    // The authorizer follows by a watch of its own.
    await expect.poll(async () => (await bot.call('GET', `${widgets}/a`)).status).toBe(200);
    await bot.ok('GET', widgets);
    await bot.ok('PATCH', `${widgets}/a/status`, { status: { note: 'n' } }, merge);
    expect(await bot.refused('PATCH', `${widgets}/a`, { spec: { size: 2 } }, merge)).toEqual(forbidden);
    expect(await bot.refused('GET', widgetsIn(elsewhere))).toEqual(forbidden);
    expect(await bot.refusedSaying('GET', `/apis/${widgetsGroup}/v1/widgets`)).toMatchObject({
      ...forbidden,
      message: `widgets.${widgetsGroup} is forbidden: User "${account.username}" cannot list resource "widgets" in API group "${widgetsGroup}" at the cluster scope`,
    });
    expect(await bot.refused('GET', '/apis/nothing.example.com/v1/things')).toEqual(forbidden);
    expect(await bot.refused('GET', '/nothing')).toEqual(forbidden);
    for (const path of ['/api', '/apis', '/openapi/v3', '/version']) await bot.ok('GET', path);
  });

  test('of one name alone may get, list and watch that one', async () => {
    const account = await serviceAccount(api, await api.namespace());
    const bot = api.as(await tokenOf(api, account));
    const configMaps = configMapsIn(account.namespace);
    for (const name of ['a', 'b']) await api.ok('POST', configMaps, configMap(name));
    const only = { apiGroups: [''], resources: ['configmaps'], resourceNames: ['a'], verbs: ['get', 'list'] };
    await grant(api, account, only);
    await expect.poll(async () => (await bot.call('GET', `${configMaps}/a`)).status).toBe(200);
    expect(await bot.refused('GET', `${configMaps}/b`)).toEqual(forbidden);
    expect(await bot.refused('GET', configMaps)).toEqual(forbidden);
    await bot.ok('GET', configMaps, undefined, { query: { fieldSelector: 'metadata.name=a' } });
  });

  test('may ask beforehand, for themselves and, if allowed, for others', async () => {
    const account = await serviceAccount(api, await api.namespace());
    const { namespace, username } = account;
    const bot = api.as(await tokenOf(api, account));
    await grant(api, account, rule(['widgets'], ['get'], { resourceNames: ['a'] }));
    const attempt = (name: string, rest: JsonObject = {}): JsonObject => ({
      namespace,
      verb: 'get',
      group: widgetsGroup,
      resource: 'widgets',
      name,
      ...rest,
    });
    const may = async (resourceAttributes: JsonObject) =>
      (await asked(bot, accessReview('SelfSubjectAccessReview', { resourceAttributes }))).allowed;
    await expect.poll(() => may(attempt('a'))).toBe(true);
    expect(await may(attempt('b'))).toBe(false);
    expect(await may(attempt('a', { subresource: 'status' }))).toBe(false);
    const about = (user: string, name: string) =>
      accessReview('SubjectAccessReview', { user, resourceAttributes: attempt(name) });
    expect((await asked(api, about(username, 'a'))).allowed).toBe(true);
    expect((await asked(api, about(username, 'b'))).allowed).toBe(false);
    expect((await asked(api, about('somebody', 'a'))).allowed).toBe(false);
    const masters = { groups: ['system:masters'], resourceAttributes: attempt('b') };
    expect((await asked(api, accessReview('SubjectAccessReview', masters))).allowed).toBe(true);
    expect(await bot.refused('POST', ...about(username, 'a'))).toEqual(forbidden);
    const nonResourceAttributes = { verb: 'get', path: '/healthz' };
    const looks = accessReview('SelfSubjectAccessReview', { nonResourceAttributes });
    expect((await asked(bot, looks)).allowed).toBe(true);
  });

  test('gets what they may do in a namespace', async () => {
    const account = await serviceAccount(api, await api.namespace());
    const bot = api.as(await tokenOf(api, account));
    await grant(api, account, rule(['widgets'], ['get'], { resourceNames: ['a'] }));
    const rules = accessReview('SelfSubjectRulesReview', { namespace: account.namespace });
    const mine = { verbs: ['get'], apiGroups: [widgetsGroup], resources: ['widgets'], resourceNames: ['a'] };
    await expect.poll(async () => (await asked(bot, rules)).resourceRules).toContainEqual(mine);
    const all = await asked(api, rules);
    expect(all.resourceRules).toContainEqual({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] });
    expect(all.nonResourceRules).toContainEqual({ verbs: ['*'], nonResourceURLs: ['*'] });
  });

  test.each([
    ['about nothing', { user: 'u' }, 'spec.resourceAttributes'],
    ['about nobody', { resourceAttributes: { verb: 'get', resource: 'secrets' } }, 'spec.user'],
  ])('a review %s is invalid', async (_, spec, field) => {
    expect(await api.refused('POST', ...accessReview('SubjectAccessReview', spec))).toEqual({
      code: 422,
      reason: 'Invalid',
      causes: [`FieldValueInvalid ${field}`],
    });
  });

  test('reviews are put, and not kept', async () => {
    const [path] = accessReview('SubjectAccessReview');
    expect(await api.refused('GET', path)).toMatchObject({ code: 405, reason: 'MethodNotAllowed' });
    expect(await api.refused('GET', `${path}/x`)).toMatchObject({ code: 404, reason: 'NotFound' });
  });

  test('a caller with a wrong token, or with none, is a stranger', async () => {
    const { status, body } = await api.as('nonsense').call('GET', '/api/v1/namespaces');
    expect([status, body.reason]).toEqual([401, 'Unauthorized']);
  });
});

contract('roles', (api) => {
  const at = (namespace: string) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const named = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'r' } };

  test('say what they are about', async () => {
    const path = `${at(await api.namespace())}/roles`;
    const role = (...rules: JsonObject[]) => ({ ...named, kind: 'Role', rules });
    expect(await api.refused('POST', path, role({ apiGroups: [''], resources: ['pods'] }))).toMatchObject({
      causes: ['FieldValueRequired rules[0].verbs'],
    });
    expect(await api.refused('POST', path, role({ verbs: ['get'] }))).toMatchObject({
      causes: ['FieldValueRequired rules[0].apiGroups', 'FieldValueRequired rules[0].resources'],
    });
    const url = { verbs: ['get'], nonResourceURLs: ['/x'] };
    expect(await api.refused('POST', path, role(url))).toMatchObject({
      causes: ['FieldValueInvalid rules[0].nonResourceURLs'],
    });
  });

  test('a binding stays with its role', async () => {
    const path = `${at(await api.namespace())}/rolebindings`;
    const binding = (kind: string, name: string) => ({
      ...named,
      kind: 'RoleBinding',
      roleRef: { kind, name },
    });
    expect(await api.refused('POST', path, binding('Group', 'x'))).toMatchObject({
      causes: ['FieldValueNotSupported roleRef.kind'],
    });
    const made = await api.ok('POST', path, binding('ClusterRole', 'cluster-admin'));
    expect(made.roleRef).toEqual({
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'cluster-admin',
    });
    const other = { roleRef: { name: 'view' } };
    expect(await api.refused('PATCH', `${path}/r`, other, merge)).toMatchObject({
      code: 422,
      causes: ['FieldValueInvalid roleRef'],
    });
  });
});
