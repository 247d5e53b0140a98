import { type ChildProcess, spawn } from 'node:child_process';

/** Everything that one boot of an instance started: a process group, led by a process of ours. */
export interface MachineProcess {
  /** Signals the whole group; does nothing once it is gone. */
  signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  readonly ended: Promise<void>;
}

/**
 * The leader outlives the user data, so that the group's id can't be taken by somebody else while we may signal it;
 * and it ends the group when the cloud is gone, so that a killed cloud leaves no instances behind.
 */
const LEADER = `
trap : TERM
( sh "$1"; echo "user data ended with status $?" ) &
while kill -0 "$2" 2>/dev/null; do sleep 5; done
kill -KILL 0
`;

export interface StartOptions {
  script: string;
  folder: string;
  env: Readonly<Record<string, string>>;
  output(text: string): void;
}

/** Runs a script as the only thing on a machine. @throws never; what goes wrong is on the console. */
export function startMachineProcess({ script, folder, env, output }: StartOptions): MachineProcess {
  const child = spawn('sh', ['-c', LEADER, 'machine', script, String(process.pid)], {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let gone = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      gone = true;
      resolve();
    };
    child.once('exit', end);
    child.once('error', (error) => {
      output(`the machine could not start: ${error.message}\n`);
      end();
    });
  });
  capture(child, output);
  return {
    ended,
    signal(signal) {
      if (gone || child.pid === undefined) return;
      try {
        process.kill(-child.pid, signal);
      } catch (error) {
        // It ended, and its exit has not been reported yet.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    },
  };
}

function capture(child: ChildProcess, output: (text: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', output);
  }
}
