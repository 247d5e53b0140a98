import { pino } from 'pino';
import type { Clock } from '../../src/controller/lib/clock.ts';
import type { Random } from '../../src/controller/lib/random.ts';
import { canRunShellInstances } from '../instances/shellRuntime.ts';
import { freePort } from '../ports.ts';
import { isPostgresURL } from '../postgres/given.ts';
import type { Narrator } from '../terminal/narrator.ts';
import { type Stack, startStack } from './stack.ts';
import type { Speed } from './timings.ts';

export interface RaiseOptions {
  clock: Clock;
  random: Random;
  narrator: Narrator;
  speed: Speed;
  /** Keeps everything in it across restarts. */
  folder?: string;
  /** Receives the error of a part of the stack that fails on its own. */
  onError: (text: string) => void;
}

export interface Raised extends Stack {
  agentKind: 'shell' | 'light';
  /** The operator's environment, and where its metrics will be. */
  operatorEnv: Record<string, string>;
  metricsURL: string;
}

/** Starts cluster, cloud and database, printing each as it comes up. */
export async function raiseStack(options: RaiseOptions): Promise<Raised> {
  const { clock, random, narrator, speed, folder } = options;
  const agentKind = canRunShellInstances() ? 'shell' : 'light';
  if (process.env.DATABASE_URL && !isPostgresURL(process.env.DATABASE_URL))
    narrator.print('DATABASE_URL is no postgres:// URL, so it is left alone');
  const names = { database: 'Postgres', cluster: 'Kubernetes API', cloud: 'EC2' } as const;
  const stack = await narrator.waiting(
    () => 'starting a database, a cluster and a cloud',
    startStack({
      clock,
      random,
      logger: pino({ level: 'error' }, { write: options.onError }),
      speed,
      agents: agentKind,
      ...(folder !== undefined && { folder }),
      onStarted: (part, where) => narrator.print(`${part.padEnd(10)}${names[part].padEnd(16)}${where}`),
    }),
  );
  narrator.print(
    agentKind === 'shell'
      ? 'agents    on each instance the real one: src/agent/agent.sh, run by sh with curl'
      : 'agents    inside this process, as this machine has no curl; install curl to see the real agent',
  );
  const metricsPort = await freePort();
  return {
    ...stack,
    agentKind,
    metricsURL: `http://127.0.0.1:${metricsPort}/metrics`,
    operatorEnv: { ...stack.operatorEnv, WORKSPACE_METRICS_LISTEN_PORT: String(metricsPort) },
  };
}
