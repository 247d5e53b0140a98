import { fork } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { freePort } from '../../../dev/ports.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** As in deploy/Dockerfile. */
const MALLOC = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };
const LONGEST_WORDS = 4_000;

const probed = z.object({
  cpuSeconds: z.number(),
  stalls: z.number(),
  worstMs: z.number(),
  worstDelayMs: z.number(),
  /** Resident; V8's heap, what of it objects and garbage take, and buffers outside of it. */
  megabytes: z.number(),
  heapMB: z.number(),
  usedMB: z.number(),
  externalMB: z.number(),
});
export type Probed = z.infer<typeof probed>;

/** What the operator counted since it started. */
export interface Counted {
  reads: number;
  writes: number;
  /** Events, nearly all of them. */
  creates: number;
  passes: number;
  /** Keys that wait for a worker, and those at work. */
  pending: number;
  sweeps: number;
}

export interface Operator {
  /** Stalls are those since the last call. */
  probe(): Promise<Probed>;
  counted(): Promise<Counted>;
  /** Rejects when its process ends. */
  ended: Promise<never>;
  stop(): Promise<void>;
}

/** The operator's controller in a process of its own, with the flags that the image starts it with. */
export async function startOperator(env: Record<string, string>): Promise<Operator> {
  const port = await freePort();
  const { PATH = '', HOME = '' } = process.env;
  const imports = [join(ROOT, 'dev/stack/endWithParent.ts'), join(import.meta.dirname, 'probe.ts')];
  const child = fork(join(import.meta.dirname, 'operatorProcess.ts'), {
    env: { PATH, HOME, ...MALLOC, ...env, WORKSPACE_METRICS_LISTEN_PORT: String(port) },
    execArgv: [
      '--max-semi-space-size=4',
      ...(process.env.BENCH_EXEC_ARGV?.split(' ') ?? []),
      ...imports.flatMap((path) => ['--import', pathToFileURL(path).href]),
    ],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let words = '';
  const hear = (text: string) => {
    words = `${words}${text}`.slice(-LONGEST_WORDS);
    if (process.env.BENCH_LOG) process.stderr.write(text);
  };
  child.stdout?.setEncoding('utf8').on('data', hear);
  child.stderr?.setEncoding('utf8').on('data', hear);
  let isOver = false;
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => {
      isOver = true;
      reject(new Error(`the operator ended with ${code}: ${words}`));
    });
  });
  ended.catch(() => undefined);
  const counted = async (): Promise<Counted> => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    const sum = sumsOf((await answer?.text()) ?? '');
    return {
      reads: sum('rest_client_requests_total', 'method="GET"'),
      writes: sum('rest_client_requests_total', 'method="PATCH"'),
      creates: sum('rest_client_requests_total', 'method="POST"'),
      passes: sum('controller_runtime_reconcile_total', 'controller="workspace"'),
      pending:
        sum('workqueue_depth', 'name="workspace"') +
        sum('controller_runtime_active_workers', 'controller="workspace"'),
      sweeps: sum('workspace_ec2_sweep_duration_seconds_count', 'outcome="ok"'),
    };
  };
  return {
    counted: () => Promise.race([counted(), ended]),
    ended,
    async probe() {
      const answer = new Promise<unknown>((resolve) => child.once('message', resolve));
      child.send('probe');
      return probed.parse(await Promise.race([answer, ended]));
    },
    async stop() {
      if (!isOver) child.kill('SIGTERM');
      await ended.catch(() => undefined);
    },
  };
}

/** Sums of the samples of a scrape whose labels hold a text. */
function sumsOf(text: string): (name: string, label: string) => number {
  const lines = text.split('\n');
  return (name, label) =>
    lines.reduce((sum, line) => {
      const isMeant = line.startsWith(`${name}{`) && line.includes(label);
      return isMeant ? sum + Number(line.slice(line.lastIndexOf(' '))) : sum;
    }, 0);
}
