import { join } from 'node:path';
import { type Env, findGoProgram, type GoProgram, goProgram, SMALL } from '../../envtest/goProgram.ts';
import { kubernetesProgram, kubernetesVersion } from '../../envtest/kubernetes.ts';

/** Paths of what a node needs beside the control plane and Debian's packages. */
export interface NodePrograms {
  kubelet: string;
  scheduler: string;
  proxy: string;
  /** Enforces NetworkPolicies; a tool of these tests, which ships nowhere. */
  router: string;
  pause: string;
}

/** A program that is published as a Go module of its own. */
function published(name: string, module: string, version: string): GoProgram {
  const args = () => ['install', ...SMALL, `${module}@${version}`];
  return { name, version, kind: 'node', cwd: import.meta.dirname, args };
}

function programsOf(version: string): Record<keyof NodePrograms, GoProgram> {
  const ours: GoProgram = {
    name: 'pause',
    version,
    kind: 'node',
    cwd: import.meta.dirname,
    args: (folder) => ['build', ...SMALL, '-o', join(folder, 'pause'), 'pause.go'],
  };
  return {
    scheduler: kubernetesProgram('kube-scheduler', version, 'node'),
    kubelet: kubernetesProgram('kubelet', version, 'node'),
    proxy: kubernetesProgram('kube-proxy', version, 'node'),
    router: published('kube-router', 'github.com/cloudnativelabs/kube-router/v2/cmd/kube-router', 'v2.1.0'),
    pause: ours,
  };
}

/** Finds them in the user's cache, or builds them with Go: minutes. */
export async function nodePrograms(
  log: (line: string) => void,
  env: Env = process.env,
): Promise<NodePrograms> {
  const { kubelet, scheduler, proxy, router, pause } = programsOf(await kubernetesVersion());
  // One after the other: the first three share most of what is compiled.
  return {
    scheduler: await goProgram(scheduler, log, env),
    kubelet: await goProgram(kubelet, log, env),
    proxy: await goProgram(proxy, log, env),
    pause: await goProgram(pause, log, env),
    router: await goProgram(router, log, env),
  };
}

/** Names of those that would have to be built. */
export async function missingNodePrograms(env: Env = process.env): Promise<string[]> {
  const programs = Object.values(programsOf(await kubernetesVersion()));
  const paths = await Promise.all(programs.map((program) => findGoProgram(program, env)));
  return programs.filter((_, index) => paths[index] === undefined).map(({ name }) => name);
}
