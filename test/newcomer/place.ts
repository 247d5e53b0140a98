import { spawn, spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type DevCommand, follow } from '../support/programs/devCommand.ts';

export const CHECKOUT = join(import.meta.dirname, '..', '..');

/** Where a newcomer may stand when typing the first command. */
export interface Place {
  where: string;
  /** What the place is made of: namespaces that `unshare` opens. */
  namespaces?: readonly string[];
  /** sh in these namespaces, before the command; $CHECKOUT and $FOLDER, one of the test's own, are there to use. */
  prepare?: string;
  /** What the newcomer's environment has besides PATH and HOME. */
  env?(folder: string): Record<string, string>;
}

// Asked once: npm takes a quarter of a second of CPU to start.
let npmOutside: boolean | undefined;

/** Why this machine can't make the place; undefined where it can. */
export function whyNot({ namespaces = [] }: Place): string | undefined {
  npmOutside ??= spawnSync('npm', ['--version'], { env: { PATH: PATH_OUTSIDE } }).status === 0;
  if (!npmOutside) return 'it needs npm on a PATH of its own, not only the one that runs this test';
  if (namespaces.length === 0) return undefined;
  if (process.getuid?.() !== 0) return 'it needs root, who alone may change mounts and networks';
  const { error, stderr, status } = spawnSync('unshare', [...namespaces, 'true'], { encoding: 'utf8' });
  return status === 0
    ? undefined
    : `unshare ${namespaces.join(' ')} fails: ${error?.message ?? stderr.trim()}`;
}

/**
 * Types a command at the place, in a shell that knows nothing of the process that runs this test.
 * Temporary files are below `folder`, in `tmp`.
 */
export async function type(place: Place, folder: string, command: readonly string[]): Promise<DevCommand> {
  const { namespaces = [], prepare = 'cd "$CHECKOUT"', env } = place;
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  const shell = ['sh', '-ec', `${prepare}\nexec "$@"`, 'newcomer', ...command];
  const [program = '', ...args] = namespaces.length === 0 ? shell : ['unshare', ...namespaces, ...shell];
  const child = spawn(program, args, {
    // As in a terminal, Ctrl-C reaches npm and all that it started.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: PATH_OUTSIDE,
      HOME: process.env.HOME ?? '/',
      TMPDIR: temporary,
      CHECKOUT,
      FOLDER: folder,
      npm_config_update_notifier: 'false',
      ...env?.(folder),
    },
  });
  return follow(child);
}

/** Ctrl-C; answers with the exit code. */
export function interrupt({ child, ended }: DevCommand): Promise<number | null> {
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
  return ended;
}

/** Without what npm and npx put in front, so that the npm that is found is the newcomer's, with its own Node. */
export const PATH_OUTSIDE = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !/node_modules|node-gyp-bin/.test(folder))
  .join(delimiter);
