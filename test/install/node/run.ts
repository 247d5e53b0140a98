// `npm run test:install`: prepares a node, and runs the tests in namespaces that hold all of it, so that nothing of it is
// left afterwards however they end. Arguments go to vitest; with --packages it only names Debian's packages that it lacks, and
// with --prepare it only fetches and builds, so that a run on a new machine is as long as one on any other. With
// --since COMMIT it runs one test alone, which upgrades from that commit's chart and image.
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeCgroups } from './bed/cgroups.ts';
import { missingPackages, NAMESPACES, whyNoNode } from './bed/machine.ts';
import { environmentOf, type Prepared, prepare } from './prepared.ts';

const VITEST = join(import.meta.dirname, '..', '..', '..', 'node_modules', 'vitest', 'vitest.mjs');
/** For tests and their nodes to end in order. */
const GRACE_MS = 30_000;
// The first process of a namespace reaps those whose parents ended; and it must not be replaced by what it runs.
const INIT = '"$@"; exit $?';

const given = process.argv.slice(2);
const since = takeSince(given);

/** The value of `--since`, which is taken out of what vitest gets. */
function takeSince(args: string[]): string | undefined {
  const at = args.indexOf('--since');
  if (at < 0) return undefined;
  const [, commit] = args.splice(at, 2);
  if (commit === undefined) throw new Error('--since needs a commit');
  return commit;
}

async function main(): Promise<number> {
  if (process.argv.includes('--packages')) {
    console.log((await missingPackages()).join(' '));
    return 0;
  }
  const why = await whyNoNode();
  if (why !== undefined && process.argv.includes('--prepare')) {
    console.error(`No node here: ${why}`);
    return 0;
  }
  if (why !== undefined) return start([process.execPath], why);
  if (process.argv.includes('--prepare')) {
    const { folder } = await prepare((line) => console.error(line));
    await rm(folder, { recursive: true, force: true });
    return 0;
  }
  await removeCgroups();
  const prepared = await prepare((line) => console.error(line), since);
  try {
    return await start(['unshare', ...NAMESPACES, 'sh', '-c', INIT, 'init', process.execPath], prepared);
  } finally {
    await removeCgroups(prepared.cgroup);
    if (process.env.KEEP_BED) console.error(`what the bed wrote is in ${prepared.folder}`);
    else await rm(prepared.folder, { recursive: true, force: true });
  }
}

function start([program = '', ...before]: string[], prepared: Prepared | string): Promise<number> {
  const args = [VITEST, 'run', '--config', 'vitest.install.config.ts', ...given];
  const { DATABASE_URL: _unreachable, ...env } = process.env;
  const child = spawn(program, [...before, ...args], {
    stdio: 'inherit',
    env: { ...env, ...environmentOf(prepared), ...(since && { WORKSPACE_NODE_SINCE: since }) },
  });
  const end = () => {
    // A terminal signals all of its processes; what doesn't end then ends with its namespace.
    setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  process.on('SIGTERM', () => child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

process.exitCode = await main();
