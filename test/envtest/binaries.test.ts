import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { controlPlane, missingPrograms } from './binaries.ts';

let folder: string;
let lines: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'envtest-'));
  lines = [];
});
afterEach(() => rm(folder, { recursive: true }));

const log = (line: string) => void lines.push(line);

async function putPrograms(at: string, ...names: string[]): Promise<void> {
  await mkdir(at, { recursive: true });
  for (const name of names) await writeFile(join(at, name), '', { mode: 0o755 });
}

test('without Go the error says what is missing and what to do, and leaves nothing half built', async () => {
  const env = { PATH: folder, XDG_CACHE_HOME: folder };
  await expect(controlPlane(log, env)).rejects.toThrow(
    /kube-apiserver v1\.\d+\.\d+ can't be built: Go is not on the PATH; install Go from .*KUBEBUILDER_ASSETS/,
  );
  expect(lines).toEqual([expect.stringContaining(folder)]);
  expect(
    (await readdir(folder, { recursive: true })).filter((name) => name.includes('kube-apiserver')),
  ).toEqual([]);
});

test('KUBEBUILDER_ASSETS comes first, and what it lacks from the cache', async () => {
  const env = { PATH: folder, XDG_CACHE_HOME: folder, KUBEBUILDER_ASSETS: join(folder, 'assets') };
  await putPrograms(env.KUBEBUILDER_ASSETS, 'etcd', 'kube-apiserver', 'kubectl');
  await expect(controlPlane(log, env)).rejects.toThrow('kube-controller-manager');
  const version = /envtest\/(v[\d.]+)/.exec(lines[0] ?? '')?.[1] ?? '';
  const cache = join(folder, 'workspace-operator', 'envtest', version);
  await putPrograms(cache, 'etcd', 'kube-controller-manager');
  expect(await controlPlane(log, env)).toEqual({
    version,
    etcd: join(env.KUBEBUILDER_ASSETS, 'etcd'),
    apiserver: join(env.KUBEBUILDER_ASSETS, 'kube-apiserver'),
    kubectl: join(env.KUBEBUILDER_ASSETS, 'kubectl'),
    controllerManager: join(cache, 'kube-controller-manager'),
  });
  expect(await missingPrograms(env)).toEqual([]);
  expect(await missingPrograms({ ...env, KUBEBUILDER_ASSETS: '' })).toEqual(['kube-apiserver', 'kubectl']);
});
