import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Dispatcher } from 'undici';

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
  /** Where all that it writes goes; without it only its last words are kept. */
  logFile?: string;
}

const GRACE_MS = 10_000;
const LAST_WORDS = 4000;

// If this process ends in a hurry, nothing else ends its children.
const running = new Set<() => void>();
process.once('exit', () => {
  for (const kill of running) kill();
});

export function argumentsOf(flags: Record<string, string>): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

/** Whether 200 is what a URL answers with, as `isReady` asks it. */
export function answers(
  url: string,
  ask: (url: string) => Promise<Dispatcher.ResponseData>,
): () => Promise<boolean> {
  return async () => {
    try {
      const { statusCode, body } = await ask(url);
      await body.dump();
      return statusCode === 200;
    } catch {
      // It does not listen yet.
      return false;
    }
  };
}

/** Starts a program and waits until it is ready; rejects with its last words when it ends before, or takes too long. */
export async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const { binary, args, isReady, readyWithinMs = 60_000, logFile } = options;
  const log = logFile === undefined ? undefined : openSync(logFile, 'a');
  const child = spawn(binary, args, { stdio: ['ignore', log ?? 'ignore', log ?? 'pipe'] });
  if (log !== undefined) closeSync(log);
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-LAST_WORDS);
  });
  const lastWords = () => (logFile === undefined ? words : readFileSync(logFile, 'utf8').slice(-LAST_WORDS));
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
  const kill = () => void child.kill('SIGKILL');
  running.add(kill);

  async function stop(): Promise<void> {
    running.delete(kill);
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
  throw new Error(`${binary} did not start: ${why}\n${lastWords()}`);
}
