import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { podConfig } from './kubeConfig.ts';

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
