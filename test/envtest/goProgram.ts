import { spawn } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Env = Readonly<Record<string, string | undefined>>;

/** A program that Go makes, once: it is cached outside the repository. */
export interface GoProgram {
  name: string;
  version: string;
  /** What `go` is asked; it must leave the program in that folder, under its name. */
  args(folder: string): string[];
  /** Where it is asked. */
  cwd: string;
  /** The part of the cache that it belongs to. */
  kind: 'envtest' | 'node';
}

/** Small, without paths of this machine, and free of C. */
export const SMALL = ['-trimpath', '-ldflags', '-s -w'] as const;

export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The folder of this user's caches that belongs to this project. */
export function cacheFolder(env: Env = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'workspace-operator');
}

function placeOf({ kind, version }: GoProgram, env: Env): string {
  return join(cacheFolder(env), kind, version);
}

/** Its path in KUBEBUILDER_ASSETS or in the cache; undefined where it is in neither. */
export async function findGoProgram(program: GoProgram, env: Env = process.env): Promise<string | undefined> {
  const { KUBEBUILDER_ASSETS: assets } = env;
  for (const folder of [...(assets ? [assets] : []), placeOf(program, env)]) {
    const path = join(folder, program.name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/** Finds it, or builds it into the cache. Rejects with the compiler's last words. */
export async function goProgram(
  program: GoProgram,
  log: (line: string) => void,
  env: Env = process.env,
): Promise<string> {
  const found = await findGoProgram(program, env);
  if (found !== undefined) return found;
  const folder = placeOf(program, env);
  log(`building ${program.name} ${program.version} into ${folder}: minutes, but only once`);
  await mkdir(folder, { recursive: true });
  // Two processes may build at once, and a program must never be found half written.
  const unfinished = await mkdtemp(join(folder, '.unfinished-'));
  try {
    await runGo(program, unfinished, env);
    await rename(join(unfinished, program.name), join(folder, program.name));
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return join(folder, program.name);
}

async function runGo({ name, version, args, cwd }: GoProgram, folder: string, env: Env): Promise<void> {
  const go = spawn('go', args(folder), {
    cwd,
    env: { ...env, CGO_ENABLED: '0', GOBIN: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  go.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-2000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    go.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'ENOENT' ? 'Go is not on the PATH' : cause.message;
      const next = `install Go from https://go.dev/dl, or set KUBEBUILDER_ASSETS to a folder that holds ${name}`;
      reject(new Error(`${name} ${version} can't be built: ${why}; ${next}`, { cause }));
    });
    go.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${name} ${version} could not be built (go ended with ${code}):\n${words}`);
}
