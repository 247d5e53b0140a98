import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GoProgram } from './goProgram.ts';

/** The Kubernetes that go.mod beside this file asks for, such as v1.35.4. */
export async function kubernetesVersion(): Promise<string> {
  const file = join(import.meta.dirname, 'go.mod');
  const version = /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(await readFile(file, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${file} requires no k8s.io/kubernetes; add it`);
  return version;
}

/** A tool of that go.mod, which says which Kubernetes it is. */
export function kubernetesProgram(
  name: string,
  version: string,
  kind: GoProgram['kind'] = 'envtest',
  path = `k8s.io/kubernetes/cmd/${name}`,
): GoProgram {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  const stamps = { gitVersion: version, gitMajor: major, gitMinor: minor };
  const flags = Object.entries(stamps).map(
    ([stamp, value]) => `-X k8s.io/component-base/version.${stamp}=${value}`,
  );
  return {
    name,
    version,
    kind,
    cwd: import.meta.dirname,
    args: (folder) => [
      'build',
      '-trimpath',
      '-ldflags',
      ['-s', '-w', ...flags].join(' '),
      '-o',
      join(folder, name),
      path,
    ],
  };
}
