import { pino } from 'pino';
import { Agent, request } from 'undici';
import { inject } from 'vitest';
import { currentState } from '../../dev/ec2/base/model.ts';
import { type LogLine, type OperatorProcess, startOperatorProcess } from '../../dev/stack/operatorProcess.ts';
import { pollerToken } from '../../dev/stack/poller.ts';
import type { Stack } from '../../dev/stack/stack.ts';
import type { Condition } from '../../src/api/base/meta.ts';
import { decodeWorkspace } from '../../src/api/kinds/decode.ts';
import type { Workspace } from '../../src/api/kinds/workspace.ts';
import { TAG } from '../../src/api/launch/tags.ts';
import { parseCommandLine } from '../../src/config/commandLine.ts';
import type { Resource } from '../../src/controller/client/client.ts';
import { isNotFound } from '../../src/controller/client/errors.ts';
import { kubeTransport } from '../../src/controller/client/httpTransport.ts';
import { loadKubeConfig } from '../../src/controller/client/kubeConfig.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { type Operator, startOperator } from '../../src/operator/operator.ts';
import { createLogger } from '../../src/process/logging.ts';
import { WORKSPACES } from '../../src/reconcilers/workspace/context/deps.ts';
import { raiseReal } from '../cluster/raiseReal.ts';
import { createTestDatabase } from '../support/gateway/postgres.ts';
import { createJournal, type Journal } from './journal.ts';
import { type Raised, raiseEmbedded, type SceneOptions } from './raised.ts';
import { toldKube, toldProcess, toldStack } from './told.ts';
import { until } from './until.ts';
import { untilVersion } from './untilVersion.ts';
import { addWitness } from './witness.ts';

export { until };

export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
export const CLASSES: Resource = { ...WORKSPACES, plural: 'workspaceclasses', namespaced: false };
export const NAMESPACE = 'default';

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

/** On the embedded API server whatever there is, for what can only be done to that one. */
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
  const stack = toldStack(raised.stack, journal.tell);
  const kube = toldKube(raised.kube, journal.tell);
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
      const operator = toldProcess(
        startOperatorProcess(
          { ...stack.operatorEnv, ...env },
          (line) => hear(`operator ${operator.pid}`, line),
          args,
        ),
        journal.tell,
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

export function classManifest(name: string, spec: Record<string, unknown> = {}) {
  return {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'WorkspaceClass',
    metadata: { name },
    spec: {
      allowedNamespaces: { from: 'All' },
      images: [{ architecture: 'x86_64', ssmParameter: '/workspaces/images/x86_64' }],
      instanceTypes: [{ name: 'm7i.large' }, { name: 'm6i.large' }],
      subnets: [{ tags: { workspaces: 'true' } }],
      securityGroups: [{ tags: { workspaces: 'true' } }],
      heartbeat: { periodSeconds: 5, timeoutSeconds: 60 },
      // What one test holds down must not keep another's waiting.
      rollout: { maxUnavailable: '100%' },
      ...spec,
    },
  };
}

export async function putSecret(scene: Scene, name: string, values: Record<string, string>): Promise<void> {
  const metadata = { name, namespace: NAMESPACE };
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  try {
    await scene.kube.mergePatch(SECRETS, metadata, { data });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await scene.kube.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata, data }, NAMESPACE);
  }
}

export async function createWorkspace(
  scene: Scene,
  name: string,
  spec: Record<string, unknown> = {},
): Promise<Workspace> {
  const body = {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'Workspace',
    metadata: { name, namespace: NAMESPACE },
    spec: { className: 'standard', envFrom: [{ secretRef: { name: `${name}-env` } }], ...spec },
  };
  return decodeWorkspace(await scene.kube.create(WORKSPACES, body, NAMESPACE));
}

export async function patchWorkspace(scene: Scene, name: string, patch: unknown): Promise<void> {
  await scene.kube.mergePatch(WORKSPACES, { name, namespace: NAMESPACE }, patch);
}

export async function getWorkspace(scene: Scene, name: string): Promise<Workspace> {
  return decodeWorkspace(await scene.kube.get(WORKSPACES, name, NAMESPACE));
}

export function conditionOf(workspace: Workspace, type: string): Condition | undefined {
  return workspace.status?.conditions?.find((condition) => condition.type === type);
}

export function untilWorkspace(
  scene: Scene,
  name: string,
  what: string,
  holds: (workspace: Workspace) => boolean,
): Promise<Workspace> {
  return untilVersion(scene.journal, name, what, () => getWorkspace(scene, name), holds);
}

export function isReady(workspace: Workspace): boolean {
  return conditionOf(workspace, 'Ready')?.status === 'True';
}

export function untilReady(scene: Scene, name: string, number?: number): Promise<Workspace> {
  const what = number === undefined ? 'Ready' : `Ready with launch ${number}`;
  return untilWorkspace(scene, name, what, (workspace) => {
    const upToDate = conditionOf(workspace, 'UpToDate')?.status === 'True';
    return (
      isReady(workspace) && upToDate && (number === undefined || workspace.status?.launch?.number === number)
    );
  });
}

export function untilGone(scene: Scene, name: string): Promise<true> {
  return until(`${name} is gone`, async () => {
    try {
      await getWorkspace(scene, name);
      return false;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  });
}

/** Accepted, distinct RunInstances for one Workspace, by the cloud's own books. */
export function provisionsOf(scene: Scene, name: string) {
  return scene.stack.ec2.counters.provisions().filter((entry) => entry.tags[TAG.name] === name);
}

export function terminationsOf(scene: Scene, name: string) {
  return scene.stack.ec2.counters.terminations().filter((entry) => entry.tags[TAG.name] === name);
}

/** Instances of a Workspace that live, by the cloud's own state. */
export function liveInstancesOf(scene: Scene, name: string): string[] {
  return [...scene.stack.ec2.state.instances.values()]
    .filter((instance) => instance.tags.some((tag) => tag.key === TAG.name && tag.value === name))
    .filter((instance) => ['pending', 'running', 'stopping', 'stopped'].includes(currentState(instance)))
    .map((instance) => instance.id);
}

/** Time in the protocol's own terms: the operator has looked at the whole cloud so many times more. */
export async function sweeps(scene: Scene, count: number): Promise<void> {
  const looks = () => scene.stack.ec2.counters.count('DescribeInstances', { outcome: 'ok' });
  const goal = looks() + count;
  await until(`${count} more looks at the cloud`, () => looks() >= goal);
}

export async function report(scene: Scene, name: string): Promise<number> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const answer = await request(`${scene.stack.gatewayURL}/v1/reports`, {
    method: 'POST',
    dispatcher,
    headers: {
      authorization: `Bearer ${await pollerToken(scene.kube)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ namespace: NAMESPACE, name }),
  });
  await answer.body.dump();
  await dispatcher.close();
  return answer.statusCode;
}

export async function metric(operator: Pick<Operator, 'metricsPort'>, line: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${operator.metricsPort}/metrics`);
  const text = await answer.text();
  const found = text.split('\n').find((it) => it.startsWith(`${line} `));
  return found === undefined ? 0 : Number(found.split(' ').at(-1));
}
