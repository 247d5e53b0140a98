import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, '..', 'dev', 'main.ts');

interface Run {
  child: ChildProcess;
  output(): string;
  /** Resolves once the output holds it; rejects when the process ends before. */
  says(text: string): Promise<void>;
  ended: Promise<number | null>;
}

describe('npm run demo', { timeout: 120_000 }, () => {
  let folder: string;
  let present: Run | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'workspace-demo-test-'));
    // Postgres may run as another user.
    await chmod(folder, 0o755);
  });
  afterEach(async () => {
    present?.child.kill('SIGKILL');
    await present?.ended;
    await rm(folder, { recursive: true, force: true });
  });

  /** With a temporary folder of its own, so that what it leaves behind can be seen. */
  function run(...args: string[]): Run {
    const child = spawn(process.execPath, [MAIN, 'demo', '--speed', '20', ...args], {
      env: { ...process.env, TMPDIR: folder, DATABASE_URL: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const listeners = new Set<() => void>();
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        for (const listener of listeners) listener();
      });
    }
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    present = {
      child,
      output: () => output,
      ended,
      says: (text) =>
        new Promise((resolve, reject) => {
          const look = () => {
            if (output.includes(text)) resolve();
          };
          listeners.add(look);
          look();
          void ended.then((code) => reject(new Error(`ended (${code}) before it said ${text}:\n${output}`)));
        }),
    };
    return present;
  }

  /** No file, and no process whose command line or environment names the folder. */
  async function nothingIsLeft(operator: number | undefined): Promise<void> {
    expect(await readdir(folder)).toEqual([]);
    if (operator !== undefined) expect(() => process.kill(operator, 0)).toThrow('ESRCH');
    expect(await processesNaming(folder)).toEqual([]);
  }

  test('one change is one provision, four reports are dropped, and nothing is left behind', async () => {
    const demo = run();
    expect(await demo.ended, demo.output()).toBe(0);
    const output = demo.output();
    expect(output).toContain('Verdict: one change, exactly one provision.');
    expect(output).toContain('4 reports counted as dropped, 0 acted on; pollers are told: Restarting');
    expect(output).toMatch(/^ {2}1 .*Created .*Superseded/m);
    expect(output).toMatch(/^ {2}2 .*SecretChanged .*ada-env\/API_KEY .*lives/m);
    expect(output).toMatch(/restarted at \S+\s+SecretChanged\s+ada-env\/API_KEY/);
    expect(output).toContain('$ kubectl apply -f dev/manifests/');
    // No terminal: plain text.
    expect(output).not.toContain('\u001b');
    await nothingIsLeft(pidIn(output));
  });

  test('--naive shows what the same probes cost the old way, by the same books', async () => {
    const demo = run('--naive');
    expect(await demo.ended, demo.output()).toBe(0);
    const [, operator, old] = /RunInstances accepted +(\d+) +(\d+)/.exec(demo.output()) ?? [];
    expect(Number(operator)).toBe(1);
    // The change's own, and one for each of the four that were worried.
    expect(Number(old)).toBe(5);
    await nothingIsLeft(pidIn(demo.output()));
  });

  test('Ctrl-C in the middle of a launch leaves nothing behind', async () => {
    const demo = run();
    await demo.says('is pending');
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(130);
    expect(demo.output()).not.toContain('Verdict');
    await nothingIsLeft(pidIn(demo.output()));
  });

  test('Ctrl-C while it starts leaves nothing behind', async () => {
    const demo = run();
    await demo.says('A database, a cluster and a cloud');
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(130);
    await nothingIsLeft(pidIn(demo.output()));
  });
});

function pidIn(output: string): number | undefined {
  const pid = /pid (\d+) leads/.exec(output)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

async function processesNaming(text: string): Promise<string[]> {
  const child = spawn('ps', ['-eo', 'args'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  return output.split('\n').filter((line) => line.includes(text));
}
