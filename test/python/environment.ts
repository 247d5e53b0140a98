import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The Python of a virtual environment with exactly what the tool's list beside this file names: found in the user's
 * cache, or made there with python3 and pip, which takes a minute, once. Rejects with what is missing and the next step.
 */
export async function pythonWith(
  tool: 'moto' | 'cfn-lint' | 'awscli',
  log: (line: string) => void,
  env: Env = process.env,
): Promise<string> {
  const list = join(import.meta.dirname, `${tool}.txt`);
  const requirements = await readFile(list, 'utf8');
  const digest = createHash('sha256').update(requirements).digest('hex').slice(0, 16);
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'workspace-operator', tool);
  const folder = join(cache, digest);
  const found = await readFile(join(folder, 'python'), 'utf8').catch(() => undefined);
  if (found !== undefined && (await isExecutable(found))) return found;

  log(`installing ${tool} into ${folder}: a minute, but only once`);
  await mkdir(cache, { recursive: true });
  // A virtual environment can't be moved, so each is made where it stays, and the file that names it comes last, at once.
  const venv = await mkdtemp(join(cache, `${digest}-`));
  try {
    const made = ['-m', 'venv', venv];
    await run(
      tool,
      'python3',
      made,
      env,
      'install Python 3.10 or later with venv and pip (Debian: python3-venv)',
    );
    const python = join(venv, 'bin', 'python');
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', list];
    await run(
      tool,
      python,
      pip,
      env,
      'see whether PyPI, or the index that pip is configured for, can be reached',
    );
    await mkdir(folder, { recursive: true });
    const named = join(folder, `python.${process.pid}`);
    await writeFile(named, python);
    await rename(named, join(folder, 'python'));
    return python;
  } catch (error) {
    await rm(venv, { recursive: true, force: true });
    throw error;
  }
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Rejects with the program's last words. */
async function run(
  tool: string,
  program: string,
  args: readonly string[],
  env: Env,
  next: string,
): Promise<void> {
  const child = spawn(program, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      words = `${words}${text}`.slice(-2_000);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'ENOENT' ? `${program} is not on the PATH` : cause.message;
      reject(new Error(`${tool} can't be installed: ${why}; ${next}`, { cause }));
    });
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new Error(`${tool} could not be installed: ${program} ended with ${code}; ${next}\n${words}`);
}
