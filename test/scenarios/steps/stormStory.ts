import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AWS_BUCKETS } from '../../../dev/ec2/cloud/buckets.ts';
import { decodeWorkspace, decodeWorkspaceClass } from '../../../src/api/kinds/decode.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../../src/api/kinds/workspaceClass.ts';
import type { WorkspaceClassStatus } from '../../../src/api/kinds/workspaceClassStatus.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { CLASSES, classManifest } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import { conditionOf, createWorkspace, putSecret } from '../scene/workspaces.ts';
import { callsBetween, readBooks } from './audit.ts';
import { mostDown } from './down.ts';

export interface StormFigures {
  workspaces: number;
  /** Of the protocol's own time. */
  seconds: number;
  provisions: number;
  mostDown: number;
  allowedDown: number;
  statusWrites: number;
  statusWritesOfClass: number;
  cloudCalls: Record<string, number>;
}

type Rollout = NonNullable<WorkspaceClassStatus['rollout']>;

/** The cloud's buckets at this speed: as big a burst as AWS allows, refilled as fast as time runs. */
function bucketsAt(speed: number) {
  return Object.fromEntries(
    Object.entries(AWS_BUCKETS).map(([name, { capacity, refill }]) => [
      name,
      { capacity: capacity * speed, refill: refill * speed },
    ]),
  );
}

/** A class of many Workspaces that share one Secret, all Ready. */
async function gather(count: number, speed: number, percent = 10): Promise<Scene> {
  const scene = await createScene({ speed, buckets: bucketsAt(speed) });
  // Somewhat below the account's: calls that are held up on their way arrive closer together than they were sent.
  await scene.start({ WORKSPACE_AWS_REQUEST_RATE_PERCENT: String(80 * speed) });
  const patient = {
    heartbeat: { periodSeconds: 20, timeoutSeconds: 300 },
    startupTimeoutSeconds: 86_400,
    rollout: { maxUnavailable: `${percent}%` },
  };
  await scene.kube.create(CLASSES, classManifest('storm', patient));
  await putSecret(scene, 'shared-env', { KEY: 'first' });
  const spec = { className: 'storm', envFrom: [{ secretRef: { name: 'shared-env' } }] };
  for (let index = 0; index < count; index += 1) await createWorkspace(scene, `ws-${index}`, spec);
  await untilSettled(scene, 'first', new Set());
  return scene;
}

async function workspacesOf(scene: Scene): Promise<Workspace[]> {
  return (await scene.kube.list(WORKSPACES)).items.map(decodeWorkspace);
}

async function classOf(scene: Scene): Promise<WorkspaceClass> {
  return decodeWorkspaceClass(await scene.kube.get(CLASSES, 'storm'));
}

async function statusOf(scene: Scene): Promise<WorkspaceClassStatus | undefined> {
  return (await classOf(scene)).status;
}

/** Until all hold one environment that none of the earlier ones was, and nothing more is to be done. Returns its digest. */
function untilSettled(scene: Scene, what: string, earlier: ReadonlySet<string>): Promise<string> {
  return until(`all hold the ${what} content`, async () => {
    await pause(500);
    const all = await workspacesOf(scene);
    const held = new Set(all.map(({ status }) => status?.instance?.env));
    const [env] = held;
    const settled = all.every((it) => conditionOf(it, 'Reconciling')?.reason === 'Settled');
    return settled && held.size === 1 && env !== undefined && !earlier.has(env) && env;
  });
}

/** Follows the class's status until its signal; every state of its roll-out that was seen. */
function follow(scene: Scene): { seen: Rollout[]; end(): Promise<void> } {
  const seen: Rollout[] = [];
  let going = true;
  const look = async () => {
    const rollout = (await statusOf(scene))?.rollout;
    if (rollout && JSON.stringify(rollout) !== JSON.stringify(seen.at(-1))) seen.push(rollout);
  };
  const poll = async () => {
    while (going) {
      await look();
      await pause(100);
    }
  };
  const loop = poll();
  return {
    seen,
    async end() {
      going = false;
      await loop;
      await look();
    },
  };
}

/** The shared Secret is rotated; with `midway`, once more as soon as a third is replaced. */
async function rotate(scene: Scene, speed: number, content: string, midway?: string): Promise<StormFigures> {
  const all = await workspacesOf(scene);
  const earlier = new Set(all.flatMap(({ status }) => status?.instance?.env ?? []));
  const before = readBooks(scene);
  const provisioned = scene.stack.ec2.counters.provisions().length;
  const begun = performance.now();
  const progress = follow(scene);
  await putSecret(scene, 'shared-env', { KEY: content });
  if (midway !== undefined) {
    await until(
      'a third is replaced',
      () => (progress.seen.at(-1)?.updated ?? 0) >= all.length / 3 && !progress.seen.at(-1)?.endedAt,
    );
    await putSecret(scene, 'shared-env', { KEY: midway });
  }
  await untilSettled(scene, midway ?? content, earlier);
  const seconds = ((performance.now() - begun) * speed) / 1000;
  await until(
    'the class says that it is over',
    async () => (await statusOf(scene))?.rollout?.endedAt !== undefined,
  );
  await progress.end();
  const after = readBooks(scene);
  const cluster = callsBetween(before, after, 'cluster');
  const { maxUnavailable } = (await classOf(scene)).spec.rollout;
  const allowedDown = Math.floor((all.length * Number.parseInt(maxUnavailable, 10)) / 100);

  const figures: StormFigures = {
    workspaces: all.length,
    seconds: Math.round(seconds),
    provisions: scene.stack.ec2.counters.provisions().length - provisioned,
    mostDown: mostDown(scene),
    allowedDown,
    statusWrites: cluster['patch workspaces.compute.molecule.ai status'] ?? 0,
    statusWritesOfClass: cluster['patch workspaceclasses.compute.molecule.ai status'] ?? 0,
    cloudCalls: callsBetween(before, after, 'cloud'),
  };
  console.log(figures);

  expect(mostDown(scene)).toBeLessThanOrEqual(allowedDown);
  expect(throttled(scene)).toEqual([]);
  expectProgress(progress.seen, all.length);
  expectNoContentTwice(scene);
  return figures;
}

function throttled(scene: Scene) {
  return scene.stack.ec2.counters.calls().filter(({ outcome }) => outcome === 'RequestLimitExceeded');
}

/** The status showed how many are replaced, never fewer than before, and when it would end. */
function expectProgress(seen: readonly Rollout[], count: number): void {
  const [last] = seen.slice(-1);
  const own = seen.filter(({ startedAt }) => startedAt === last?.startedAt);
  expect(last?.endedAt).toBeDefined();
  expect(last).toMatchObject({ total: count, updated: count });
  expect(own.length).toBeGreaterThan(3);
  expect(own.some(({ estimatedEndAt, updated }) => estimatedEndAt !== undefined && updated < count)).toBe(
    true,
  );
}

/** By what instances were served: no two launches in a row of one Workspace came to hold the same. */
function expectNoContentTwice(scene: Scene): void {
  const served = new Map<string, Map<number, string>>();
  for (const line of scene.logs) {
    if (line.msg !== 'launch.bootstrapped') continue;
    const { name, number, digest } = line as unknown as { name: string; number: number; digest: string };
    served.set(name, (served.get(name) ?? new Map()).set(number, digest));
  }
  for (const [name, digests] of served) {
    expect(new Set(digests.values()).size, name).toBe(digests.size);
  }
}

/** How many instances each Workspace was ever given. */
function provisionsEach(scene: Scene): number[] {
  const counts = new Map<string, number>();
  for (const { tags } of scene.stack.ec2.counters.provisions()) {
    const name = tags[TAG.name] ?? '';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts.values()];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The suite of a class whose Workspaces share one Secret. @param percent of them that may be down at once */
export function storm(count: number, { speed, percent }: { speed: number; percent: number }): void {
  describe(`${count} Workspaces share a Secret`, () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await gather(count, speed, percent);
    }, 600_000);
    afterAll(() => scene.close());

    test(`it is rotated: each is replaced exactly once, ${(count * percent) / 100} at a time at most`, async () => {
      await rotate(scene, speed, 'second');
      expect(provisionsEach(scene)).toEqual(Array.from({ length: count }, () => 2));
    });

    test('it is rotated again midway: none is replaced twice for the same content, none is left behind', async () => {
      await rotate(scene, speed, 'third', 'fourth');
      const each = provisionsEach(scene);
      expect(Math.min(...each)).toBe(3);
      expect(Math.max(...each)).toBe(4);
    });
  });
}
