import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KubeConfig as ClientNodes } from '@kubernetes/client-node/dist/config.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { type KubeConfig, loadKubeConfig, plainConfig, podConfig } from './kubeConfig.ts';

describe('in a Pod', () => {
  let mount: string;
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '6443' };
  beforeEach(async () => {
    mount = await mkdtemp(join(tmpdir(), 'pod-'));
    await writeFile(join(mount, 'token'), 'first\n');
    await writeFile(join(mount, 'ca.crt'), 'CA');
  });
  afterEach(() => rm(mount, { recursive: true }));

  const headers = async () => {
    const options: RequestOptions = {};
    await podConfig(env, mount)?.applyToHTTPSOptions(options);
    return options;
  };

  test('the service account is shown to the cluster that the environment names', async () => {
    expect(podConfig(env, mount)?.getCurrentCluster()).toEqual({ server: 'https://10.0.0.1:6443' });
    expect(await headers()).toEqual({ headers: { Authorization: 'Bearer first' }, ca: 'CA' });
  });

  test('takes an IPv6 address, and port 443 by default', () => {
    const six = { KUBERNETES_SERVICE_HOST: 'fd00::1' };
    expect(podConfig(six, mount)?.getCurrentCluster()).toEqual({ server: 'https://[fd00::1]:443' });
  });

  test('a token that the kubelet renews is taken up', async () => {
    const config = podConfig(env, mount);
    await writeFile(join(mount, 'token'), 'second');
    const options: RequestOptions = { headers: { accept: 'x' } };
    await config?.applyToHTTPSOptions(options);
    expect(options.headers).toEqual({ accept: 'x', Authorization: 'Bearer second' });
  });

  test('a file that is gone is an error, not a request without credentials', async () => {
    const config = podConfig(env, mount);
    await rm(join(mount, 'token'));
    await expect(config?.applyToHTTPSOptions({})).rejects.toThrow('token');
  });

  test.each([
    ['no cluster in the environment', {}, () => mount],
    ['no service account', env, () => join(mount, 'nowhere')],
  ])('without it there is none: %s', (_what, environment, folder) => {
    expect(podConfig(environment, folder())).toBeUndefined();
  });
});

describe('of KUBECONFIG', () => {
  let folder: string;
  const file = (context: string) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': context,
      clusters: [{ name: context, cluster: { server: 'https://x', 'certificate-authority-data': 'Q0E=' } }],
      contexts: [{ name: context, context: { cluster: context, user: context } }],
      users: [{ name: context, user: { token: 'secret' } }],
    });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
    for (const name of ['a', 'b']) await writeFile(join(folder, name), file(name));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  test.each([
    ['one file', ['b'], 'b'],
    ['several files, which client-node merges', ['a', 'b'], 'b'],
  ])('it reads %s', async (_what, names, context) => {
    vi.stubEnv('KUBECONFIG', names.map((name) => join(folder, name)).join(delimiter));
    const config = await loadKubeConfig();
    expect(config.getCurrentContext()).toBe(context);
    expect(config.getCurrentCluster()?.server).toBe('https://x');
  });

  test('a file that is not there is an error that names it', async () => {
    vi.stubEnv('KUBECONFIG', join(folder, 'c'));
    await expect(loadKubeConfig()).rejects.toThrow(join(folder, 'c'));
  });
});

const base64 = (text: string) => Buffer.from(text).toString('base64');
const CLUSTER = { server: 'https://10.0.0.1:6443/', 'certificate-authority-data': base64('CA') };
const CERTIFICATE = { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') };

interface Differs {
  cluster?: object;
  user?: object;
  [field: string]: unknown;
}

function file({ cluster = CLUSTER, user = { token: 'secret' }, ...more }: Differs = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'k', cluster }],
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'default' } }],
    users: [{ name: 'u', user }],
    ...more,
  };
}

async function asked(config: KubeConfig | undefined) {
  const options: RequestOptions = { headers: { accept: 'x' } };
  await config?.applyToHTTPSOptions(options);
  const { headers, ca, cert, key, auth, servername, rejectUnauthorized } = options;
  return {
    context: config?.getCurrentContext(),
    server: config?.getCurrentCluster()?.server,
    options: { headers, ca, cert, key, auth, servername, rejectUnauthorized },
  };
}

describe('a kubeconfig whose credentials stand in it', () => {
  test.each<[string, Differs]>([
    ['a token', { user: { token: 'secret' } }],
    ['a certificate', { user: CERTIFICATE }],
    ['a server below a path', { cluster: { ...CLUSTER, server: 'https://x/k8s/clusters/c1' } }],
    ['preferences', { preferences: {} }],
  ])('is read as client-node reads it: %s', async (_what, differs) => {
    const theirs = new ClientNodes();
    theirs.loadFromString(stringify(file(differs)));
    const ours = plainConfig(file(differs));
    expect(ours).toBeDefined();
    expect(await asked(ours)).toEqual(await asked(theirs));
  });

  test.each<[string, Differs]>([
    ['a plugin', { user: { exec: { command: 'aws' } } }],
    ['an auth provider', { user: { 'auth-provider': { name: 'oidc' } } }],
    ['a token besides a plugin', { user: { token: 'secret', exec: { command: 'aws' } } }],
    ['a token and a certificate', { user: { token: 'secret', ...CERTIFICATE } }],
    ['a file of a token', { user: { 'token-file': '/token' } }],
    ['a file of a certificate', { user: { 'client-certificate': '/c', 'client-key': '/k' } }],
    ['a certificate without its key', { user: { 'client-certificate-data': base64('CERT') } }],
    ['a name and a password', { user: { username: 'a', password: 'b' } }],
    ['another person to act as', { user: { token: 'secret', as: 'b' } }],
    ['no credentials', { user: {} }],
    ['a proxy', { cluster: { ...CLUSTER, 'proxy-url': 'http://p' } }],
    ['a name for TLS', { cluster: { ...CLUSTER, 'tls-server-name': 's' } }],
    ['a file of the authority', { cluster: { server: 'https://x', 'certificate-authority': '/ca' } }],
    ['no authority', { cluster: { server: 'https://x' } }],
    ['TLS that verifies nothing', { cluster: { ...CLUSTER, 'insecure-skip-tls-verify': true } }],
    ['two users', { users: ['u', 'v'].map((name) => ({ name, user: { token: name } })) }],
    ['a context that is not there', { 'current-context': 'd' }],
    ['a context of another cluster', { contexts: [{ name: 'c', context: { cluster: 'l', user: 'u' } }] }],
    ['a number for a token', { user: { token: 1 } }],
    ['a field that is not known here', { extensions: [] }],
  ])('is left to client-node with %s', (_what, differs) => {
    expect(plainConfig(file(differs))).toBeUndefined();
  });

  test.each([[undefined], [null], ['text'], [[]], [{}]])('is not %j', (value) => {
    expect(plainConfig(value)).toBeUndefined();
  });
});
