import { spawn } from 'node:child_process';
import { access, constants, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Paths of the programs that a control plane consists of. */
export interface ControlPlane {
  /** Of Kubernetes, such as v1.35.4. */
  version: string;
  etcd: string;
  apiserver: string;
  controllerManager: string;
  kubectl: string;
}

const programs = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
} as const;
type Program = keyof typeof programs;

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The Kubernetes that go.mod beside this file asks for. */
async function kubernetesVersion(): Promise<string> {
  const file = join(import.meta.dirname, 'go.mod');
  const version = /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(await readFile(file, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${file} requires no k8s.io/kubernetes; add it`);
  return version;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Rejects with the compiler's last words. */
async function goBuild(program: Program, version: string, output: string, env: Env): Promise<void> {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  const stamps = { gitVersion: version, gitMajor: major, gitMinor: minor };
  const flags = Object.entries(stamps).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  );
  const args = [
    'build',
    '-trimpath',
    '-ldflags',
    ['-s', '-w', ...flags].join(' '),
    '-o',
    output,
    programs[program],
  ];
  const go = spawn('go', args, {
    cwd: import.meta.dirname,
    env: { ...env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  go.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-2000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    go.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'ENOENT' ? 'Go is not on the PATH' : cause.message;
      const next = `install Go from https://go.dev/dl, or set KUBEBUILDER_ASSETS to a folder that holds ${program}`;
      reject(new Error(`${program} ${version} can't be built: ${why}; ${next}`, { cause }));
    });
    go.once('close', resolve);
  });
  if (code !== 0)
    throw new Error(`${program} ${version} could not be built (go build ended with ${code}):\n${words}`);
}

/** Where what was built is kept. */
function cacheFolder(version: string, env: Env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'workspace-operator', 'envtest', version);
}

/** Of the folders that may hold the program, the path in the first that does. */
async function found(program: Program, version: string, env: Env): Promise<string | undefined> {
  const { KUBEBUILDER_ASSETS: assets } = env;
  for (const folder of [...(assets ? [assets] : []), cacheFolder(version, env)]) {
    if (await isExecutable(join(folder, program))) return join(folder, program);
  }
  return undefined;
}

async function built(
  program: Program,
  version: string,
  tell: (line: string) => void,
  env: Env,
): Promise<string> {
  const folder = cacheFolder(version, env);
  const path = join(folder, program);
  tell(`building ${program} ${version} into ${folder}: minutes, but only once`);
  await mkdir(folder, { recursive: true });
  // Nobody may find half a program, and two processes may build at once.
  const unfinished = `${path}.${process.pid}`;
  try {
    await goBuild(program, version, unfinished, env);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return path;
}

/**
 * Finds each program in KUBEBUILDER_ASSETS or in the user's cache, or builds it with Go. (Archives made for
 * KUBEBUILDER_ASSETS hold no controller manager, so that one is mostly built.)
 */
export async function controlPlane(
  tell: (line: string) => void,
  env: Env = process.env,
): Promise<ControlPlane> {
  const version = await kubernetesVersion();
  const find = async (program: Program): Promise<string> =>
    (await found(program, version, env)) ?? built(program, version, tell, env);
  return {
    version,
    // One after the other: they share most of what is compiled.
    apiserver: await find('kube-apiserver'),
    etcd: await find('etcd'),
    controllerManager: await find('kube-controller-manager'),
    kubectl: await find('kubectl'),
  };
}

/** Those that would have to be built. */
export async function missingPrograms(env: Env = process.env): Promise<string[]> {
  const version = await kubernetesVersion();
  const paths = await Promise.all(
    Object.keys(programs).map(async (name) => [name, await found(name as Program, version, env)] as const),
  );
  return paths.flatMap(([name, path]) => (path === undefined ? [name] : []));
}
