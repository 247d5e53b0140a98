import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { freePort } from '../../../dev/ports.ts';
import type { OperatorProcess } from '../../../dev/stack/operatorProcess.ts';
import type { StackOptions } from '../../../dev/stack/stack.ts';
import type { Condition } from '../../../src/api/base/meta.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { createDoor, type Door } from '../../support/base/door.ts';
import { metric } from '../scene/counts.ts';
import { CLASSES, classManifest } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import { createWorkspace, putSecret, untilReady } from '../scene/workspaces.ts';

/** Controller and gateway apart, each of their supports behind a door; a class `watched` of which `names` are Ready. */
export interface Outages {
  scene: Scene;
  names: readonly string[];
  /** Open while all is well. */
  doors: Record<'database' | 'cluster' | 'cloud', Door>;
  controller: OperatorProcess;
  gateway(): OperatorProcess;
  startGateway(): Promise<void>;
  alert(reason: string): Promise<number>;
  close(): Promise<void>;
}

export interface OutagesOptions {
  count: number;
  /** Of the class. */
  spec: Record<string, unknown>;
  stack?: Partial<StackOptions>;
  /** Of both processes. */
  env?: Record<string, string>;
}

export async function createOutages({ count, spec, stack = {}, env = {} }: OutagesOptions): Promise<Outages> {
  const scene = await createScene({ buckets: {}, ...stack });
  const { api, ec2, databaseURL, folder, kubeconfigPath } = scene.stack;
  const database = new URL(databaseURL);
  const doors = {
    database: await createDoor(Number(database.port)),
    cluster: await createDoor(Number(new URL(api.url).port)),
    cloud: await createDoor(Number(new URL(ec2.url).port)),
  };
  for (const door of Object.values(doors)) await door.open();
  const kubeconfig = join(folder, 'kubeconfig-doors');
  const direct = await readFile(kubeconfigPath, 'utf8');
  const { port } = new URL(api.url);
  await writeFile(kubeconfig, direct.replaceAll(`:${port}`, `:${doors.cluster.port}`), { mode: 0o600 });
  database.port = String(doors.database.port);
  const cloudURL = `http://127.0.0.1:${doors.cloud.port}`;
  const metricsPort = await freePort();
  const behindDoors = {
    ...env,
    KUBECONFIG: kubeconfig,
    DATABASE_URL: database.href,
    AWS_ENDPOINT_URL_EC2: cloudURL,
    AWS_ENDPOINT_URL_SSM: cloudURL,
  };
  const startGateway = async () => {
    gateway = scene.spawn(behindDoors, 'gateway');
    await gateway.line((line) => line.msg === 'started');
  };
  let gateway: OperatorProcess | undefined;
  const controllerEnv = { ...behindDoors, WORKSPACE_METRICS_LISTEN_PORT: String(metricsPort) };
  const controller = scene.spawn(controllerEnv, 'controller');
  await Promise.all([startGateway(), controller.line((line) => line.msg === 'became leader')]);
  const names = Array.from({ length: count }, (_, index) => `ws-${index}`);
  await scene.kube.create(CLASSES, classManifest('watched', spec));
  await putSecret(scene, 'shared-env', { KEY: 'a' });
  const common = { className: 'watched', envFrom: [{ secretRef: { name: 'shared-env' } }] };
  await Promise.all(names.map((name) => createWorkspace(scene, name, common)));
  await Promise.all(names.map((name) => untilReady(scene, name, 1)));
  return {
    scene,
    names,
    doors,
    controller,
    startGateway,
    gateway() {
      if (!gateway) throw new Error('there is no gateway');
      return gateway;
    },
    alert: (reason) =>
      metric({ metricsPort }, `workspace_class_evidence_missing{class="watched",reason="${reason}"}`),
    async close() {
      await scene.close();
      for (const door of Object.values(doors)) await door.shut();
    },
  };
}

async function classConditions(scene: Scene): Promise<readonly Condition[]> {
  const klass = await scene.kube.get(CLASSES, 'watched');
  const { status } = klass as { status?: { conditions?: Condition[] } };
  return status?.conditions ?? [];
}

/** Waits until the class says of this aspect what it should. */
function untilClass(scene: Scene, type: string, reason: string): Promise<Condition> {
  return until(`the class says ${type}: ${reason}`, async () =>
    (await classConditions(scene)).find((it) => it.type === type && it.reason === reason),
  );
}

/** What no outage may change: each Workspace's version, and what was provisioned and terminated, by the cloud's own books. */
export async function snapshot({ scene }: Outages) {
  const { items } = await scene.kube.list(WORKSPACES);
  const { counters } = scene.stack.ec2;
  return {
    versions: items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort(),
    provisions: counters.provisions().length,
    terminations: counters.terminations().length,
  };
}

/** How long it is away, and how long after its return mistakes are waited for, ms. */
interface Times {
  awayMs: number;
  settleMs: number;
}

/**
 * Nothing is provisioned, terminated or written on any Workspace in an outage and after it; what is missing is said once,
 * by the class, while it is.
 */
export async function expectStatic(
  outages: Outages,
  { awayMs, settleMs }: Times,
  away: () => Promise<void>,
  back: () => Promise<void>,
  [type, reason]: [type: string, reason: string],
): Promise<void> {
  const before = await snapshot(outages);
  await away();
  await untilClass(outages.scene, type, reason);
  expect(await outages.alert(reason)).toBe(1);
  await wait(awayMs);
  const conditions = await classConditions(outages.scene);
  expect(conditions.filter((it) => it.status !== 'True' && it.type !== 'Ready')).toMatchObject([{ type }]);
  expect(await snapshot(outages)).toEqual(before);
  await back();
  await untilClass(outages.scene, type, 'Available');
  expect(await outages.alert(reason)).toBe(0);
  await wait(settleMs);
  expect(await snapshot(outages)).toEqual(before);
}

/** Without the API server the operator loses its lease and does nothing; then it takes the lease again. */
export async function expectStandby(outages: Outages, { awayMs, settleMs }: Times): Promise<void> {
  const { doors, controller } = outages;
  const times = (message: string) => controller.lines.filter(({ msg }) => msg === message).length;
  const led = times('became leader');
  const before = await snapshot(outages);
  await doors.cluster.shut();
  await until('it stands by', () => times('stopped leading') === led);
  await wait(awayMs);
  expect(await snapshot(outages)).toEqual(before);
  await doors.cluster.open();
  await until('it leads again', () => times('became leader') === led + 1);
  await wait(settleMs);
  expect(await snapshot(outages)).toEqual(before);
}
