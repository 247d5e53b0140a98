import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** A program that runs until it is stopped. */
export interface RunningProgram {
  pid: number;
  stop(): Promise<void>;
}

export interface ProgramOptions {
  binary: string;
  args: string[];
  /** Whether it serves by now. */
  isReady: () => Promise<boolean>;
  /** Default 60,000. */
  readyWithinMs?: number;
}

const GRACE_MS = 10_000;

/** Starts a program and waits until it is ready; rejects with its last words when it ends before, or takes too long. */
export async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const { binary, args, isReady, readyWithinMs = 60_000 } = options;
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-4000);
  });
  let over: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      over = error.message;
      resolve();
    });
    child.once('close', (code, signal) => {
      over = `it ended with ${signal ?? code}`;
      resolve();
    });
  });
  // Were this process to end in a hurry, nobody else would end the child.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  async function stop(): Promise<void> {
    process.removeListener('exit', kill);
    if (over !== undefined) return;
    child.kill('SIGTERM');
    const impatience = setTimeout(kill, GRACE_MS);
    await ended;
    clearTimeout(impatience);
  }

  const deadline = performance.now() + readyWithinMs;
  while (over === undefined && performance.now() < deadline) {
    if (await isReady()) return { pid: child.pid ?? -1, stop };
    await pause(50);
  }
  const why = over ?? `it was not ready after ${readyWithinMs} ms`;
  await stop();
  throw new Error(`${binary} did not start: ${why}\n${words}`);
}
