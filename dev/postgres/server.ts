import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../src/controller/lib/clock.ts';
import type { Account } from './account.ts';

export interface Server {
  port: number;
  stop(): Promise<void>;
}

/** Another process bound the port first. */
export class PortTaken extends Error {}

const START_LIMIT_MS = 60_000;

// Fast shutdown as soon as our end of stdin closes, which also a SIGKILL of the parent brings about.
// The last argument is a folder to remove, or empty.
const KEEPER = `
folder=$1; shift
"$@" </dev/null & pid=$!
trap '' INT
read -r _
kill -INT $pid 2>/dev/null
wait $pid
status=$?
[ -n "$folder" ] && { cd /; rm -rf "$folder"; }
exit $status
`;

/** Nothing that a person has set for other servers and libraries: PGDATA, LD_LIBRARY_PATH, … */
export function serverEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' };
}

/** Starts the server process; resolves once it accepts connections. */
export async function serve(options: {
  binary: string;
  dataDir: string;
  port: number;
  account: Account;
  clock: Clock;
  removeAtEnd?: string;
}): Promise<Server> {
  const { binary, dataDir, port, account, removeAtEnd = '' } = options;
  // Dev and tests only: what a crash of the machine loses doesn't matter, speed does.
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'off',
    full_page_writes: 'off',
    shared_buffers: '32MB',
    max_connections: '500',
    lc_messages: 'C',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(
    '/bin/sh',
    ['-c', KEEPER, 'postgres-keeper', removeAtEnd, binary, '-D', dataDir, ...flags],
    {
      ...account,
      cwd: dataDir,
      // Its own process group: Ctrl-C in a terminal is for us, who stop it last.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
      env: serverEnvironment(),
    },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    await untilReady(child, port, options.clock);
  } catch (error) {
    child.stdin?.end();
    await exited;
    throw error;
  }
  letGo(child);
  return {
    port,
    async stop() {
      child.ref();
      child.stdin?.end();
      await exited;
    },
  };
}

function untilReady(child: ChildProcess, port: number, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    const timer = clock.setTimeout(
      () => finish(new Error(`Postgres on port ${port} did not start within ${START_LIMIT_MS} ms:\n${log}`)),
      START_LIMIT_MS,
    );
    const finish = (error?: Error) => {
      timer.cancel();
      child.stderr?.removeAllListeners('data').resume();
      if (error) reject(error);
      else resolve();
    };
    child.once('error', finish);
    child.once('exit', (code) => finish(new Error(`Postgres on port ${port} exited with ${code}:\n${log}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString('utf8');
      if (log.includes('database system is ready to accept connections')) finish();
      else if (/could not bind|Address already in use/.test(log))
        finish(new PortTaken(`port ${port} is taken`));
    });
  });
}

/** The server must not keep this process alive: it also ends with a process that forgets to stop it. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stderr]) {
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}
