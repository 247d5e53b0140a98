import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** A kubectl that is still running. */
export interface Running {
  /** Resolves when its output matches; rejects when it ends first. */
  shows(pattern: RegExp): Promise<string>;
  ended: Promise<Result>;
  kill(): void;
}

export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
}

/** One kubectl with a kubeconfig and a home of its own, so that it touches no one's settings or caches. */
export interface Kubectl {
  start(args: string[], options?: RunOptions): Running;
  run(args: string[], options?: RunOptions): Promise<Result>;
  /** Its output; fails the test when it exits otherwise than with 0. */
  ok(...args: string[]): Promise<string>;
  /** Its error output; fails the test when it exits with 0. */
  fails(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/** @param folder where it runs; default this process's */
export async function createKubectl(
  binary: string,
  kubeconfig: string,
  folder = process.cwd(),
): Promise<Kubectl> {
  const home = await mkdtemp(join(tmpdir(), 'kubectl-'));
  const config = join(home, 'config');
  await writeFile(config, kubeconfig, { mode: 0o600 });
  const running = new Map<ChildProcess, Promise<Result>>();

  function start(args: string[], { input = '', env = {} }: RunOptions = {}): Running {
    const child = spawn(binary, args, {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', HOME: home, KUBECONFIG: config, ...env },
    });
    child.stdin.end(input);
    const result: Result = { code: -1, stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      result.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      result.stderr += chunk;
    });
    const ended = new Promise<Result>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        running.delete(child);
        resolve({ ...result, code: code ?? -1 });
      });
    });
    running.set(child, ended);
    return {
      ended,
      kill: () => void child.kill(),
      shows: (pattern) =>
        new Promise((resolve, reject) => {
          const look = () => {
            if (pattern.test(result.stdout)) resolve(result.stdout);
          };
          child.stdout.on('data', look);
          ended.then(({ stdout, stderr }) => {
            reject(new Error(`kubectl ${args.join(' ')} ended without ${pattern}:\n${stdout}${stderr}`));
          }, reject);
          look();
        }),
    };
  }

  const run = (args: string[], options?: RunOptions) => start(args, options).ended;
  return {
    start,
    run,
    async ok(...args) {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 0, `kubectl ${args.join(' ')} failed:\n${stdout}${stderr}`);
      return stdout;
    },
    async fails(...args) {
      const { code, stdout, stderr } = await run(args);
      assert.notEqual(code, 0, `kubectl ${args.join(' ')} did not fail:\n${stdout}${stderr}`);
      return stderr;
    },
    async close() {
      for (const child of running.keys()) child.kill();
      await Promise.allSettled(running.values());
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The client's own version, such as v1.33.1; undefined when the binary can't be run or isn't at least 1.32. */
async function versionOf(binary: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(binary, ['version', '--client', '-o', 'json']);
    const version: string = JSON.parse(stdout).clientVersion.gitVersion;
    const minor = Number(/^v1\.(\d+)/.exec(version)?.[1]);
    return minor >= 32 ? version : undefined;
  } catch {
    return undefined;
  }
}

/** Those of the binaries that can be run and are new enough. */
export async function usable(binaries: string[]): Promise<{ binary: string; version: string }[]> {
  const versions = await Promise.all(binaries.map(versionOf));
  return binaries.flatMap((binary, index) => {
    const version = versions[index];
    return version === undefined ? [] : [{ binary, version }];
  });
}

/** The kubectls that the environment variable KUBECTL names, separated by colons. */
export function namedKubectls(): string[] {
  return (process.env.KUBECTL ?? '').split(':').filter(Boolean);
}
