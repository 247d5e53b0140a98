import { pino } from 'pino';
import { inject } from 'vitest';
import {
  type LogLine,
  type OperatorProcess,
  startOperatorProcess,
} from '../../../dev/stack/operatorProcess.ts';
import type { Stack } from '../../../dev/stack/stack.ts';
import { parseCommandLine } from '../../../src/config/commandLine.ts';
import { kubeTransport } from '../../../src/controller/client/httpTransport.ts';
import { loadKubeConfig } from '../../../src/controller/client/kubeConfig.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { systemRandom } from '../../../src/controller/lib/random.ts';
import { type Operator, startOperator } from '../../../src/operator/operator.ts';
import { createLogger } from '../../../src/process/logging.ts';
import { raiseReal } from '../../cluster/real/raiseReal.ts';
import { createTestDatabase } from '../../support/gateway/postgres.ts';
import { createJournal, type Journal } from './journal.ts';
import { CLASSES, classManifest } from './objects.ts';
import { type Raised, raiseEmbedded, type SceneOptions } from './raised.ts';
import { recordedKube, recordedProcess, recordedStack } from './recorders.ts';
import { addWitness } from './witness.ts';

/** Twenty times life size: a second lasts 50 ms, a boot a bit more than one second. */
const SPEED = 20;

export interface Scene extends Raised {
  /** What the operator logged. */
  logs: LogLine[];
  /** What happened. */
  journal: Journal;
  /** How many of the protocol's seconds pass in one. */
  speed: number;
  /** Starts the operator inside this process, as `npm start` would. */
  start(env?: Record<string, string>): Promise<Operator>;
  /** Starts it, or one part of it, as a process of its own, to be killed. */
  spawn(env?: Record<string, string>, ...args: string[]): OperatorProcess;
  /** Ends the operators, the stack and the database. */
  close(): Promise<void>;
}

/**
 * A cluster, a cloud and a database of its own, with a class called standard. The cluster is a real one where the run has
 * any, and the embedded API server otherwise.
 */
export function createScene(options: Partial<SceneOptions> = {}): Promise<Scene> {
  const real = inject('realCluster') ?? null;
  return createSceneOn(real === null ? raiseEmbedded : (all) => raiseReal(real, all), options);
}

/** Always on the embedded API server, for what can only be done to that one. */
export function createEmbeddedScene(): Promise<Scene & { stack: Stack }> {
  return createSceneOn(raiseEmbedded);
}

export async function createSceneOn<T extends Raised>(
  raise: (options: SceneOptions) => Promise<T>,
  options: Partial<SceneOptions> = {},
): Promise<T & Scene> {
  const speed = options.speed ?? SPEED;
  const journal = createJournal(speed);
  addWitness(journal);
  const database = await createTestDatabase();
  const logs: LogLine[] = [];
  const hear = (who: string, line: LogLine) => {
    logs.push(line);
    journal.hear(who, line);
  };
  const raised = await raise({
    clock: systemClock,
    random: systemRandom,
    logger: pino({ level: 'error' }),
    agents: 'light',
    databaseURL: database.url,
    ...options,
    speed,
  });
  await raised.follow(journal.change);
  journal.attach(raised.stack.ec2);
  const stack = recordedStack(raised.stack, journal.note);
  const kube = recordedKube(raised.kube, journal.note);
  const stops: (() => Promise<unknown>)[] = [];
  await kube.create(CLASSES, classManifest('standard'));
  return {
    ...raised,
    stack,
    kube,
    logs,
    journal,
    speed,
    async start(env = {}) {
      const operator = await startInProcess(stack, (line) => hear('operator', line), env);
      stops.push(operator.stop);
      return operator;
    },
    spawn(env = {}, ...args) {
      const operator = recordedProcess(
        startOperatorProcess(
          { ...stack.operatorEnv, ...env },
          (line) => hear(`operator ${operator.pid}`, line),
          args,
        ),
        journal.note,
      );
      stops.push(() => operator.end('SIGKILL'));
      return operator;
    },
    async close() {
      for (const stop of stops) await stop();
      await stack.stop();
      await database.release();
    },
  };
}

async function startInProcess(
  stack: Scene['stack'],
  hear: (line: LogLine) => void,
  extra: Record<string, string>,
): Promise<Operator> {
  const env = { ...stack.operatorEnv, ...extra };
  const invocation = parseCommandLine([], env);
  if ('help' in invocation) throw new Error('asked for a process, got help');
  const { config, role } = invocation;
  // The AWS SDK's chain looks nowhere else.
  process.env.AWS_ACCESS_KEY_ID = env.AWS_ACCESS_KEY_ID;
  process.env.AWS_SECRET_ACCESS_KEY = env.AWS_SECRET_ACCESS_KEY;
  const destination = { write: (text: string) => hear(JSON.parse(text) as LogLine) };
  const operator = await startOperator(
    {
      config,
      role,
      clock: systemClock,
      random: systemRandom,
      logger: createLogger({ level: 'debug', clock: systemClock, destination }),
      transport: (metrics) =>
        kubeTransport({
          clock: systemClock,
          metrics,
          loadKubeConfig: () => loadKubeConfig(stack.kubeconfigPath),
        }),
    },
    new AbortController().signal,
  );
  if (!operator) throw new Error('the operator did not start');
  return operator;
}
