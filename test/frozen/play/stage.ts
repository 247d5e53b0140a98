import type { Condition } from '../../../src/api/base/meta.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import type { Scene } from '../../simulator/scene/scene.ts';
import type { Conditions, Deed, Frozen, Step } from '../frozen.ts';
import { begin, PRESENT } from '../operator.ts';
import { capture } from './capture.ts';
import { createHands, type Hands } from './hands.ts';
import { createWorld } from './world.ts';

const STEP_MS = 250;
const PATIENCE_MS = 15 * 60_000;

/** Where the present operator is brought into a state that is then frozen. */
export interface Stage extends Hands {
  scene: Scene;
  /** Lets time pass until the Workspace is so. @throws when it never is. */
  until(what: string, holds: () => Promise<boolean> | boolean): Promise<void>;
  ready(...names: string[]): Promise<void>;
  seconds(count: number): Promise<void>;
  /** Ends the operator where it is and takes down all that outlives it. */
  freeze(): ReturnType<typeof capture>;
}

export interface Scenario {
  name: string;
  about: string;
  caBundle?: string;
  /** Resolves, in the state that is to be frozen, with what has to become of it. */
  bringAbout(stage: Stage): Promise<Step[]>;
}

export async function record(scenario: Scenario, seed: number): Promise<Frozen> {
  const stage = await createStage(seed, scenario.caBundle);
  const course = await scenario.bringAbout(stage);
  return { about: scenario.about, ...stage.freeze(), course };
}

async function createStage(seed: number, caBundle: string | undefined): Promise<Stage> {
  const world = await createWorld(seed);
  const { scene } = world;
  const hands = createHands(scene);
  const operator = begin(world, PRESENT, caBundle);

  const until: Stage['until'] = async (what, holds) => {
    const latest = scene.clock.monotonic() + PATIENCE_MS;
    while (!(await holds())) {
      if (scene.clock.monotonic() > latest) throw new Error(`it never came to this: ${what}`);
      await scene.clock.advance(STEP_MS);
    }
  };
  return {
    ...hands,
    scene,
    until,
    ready: (...names) =>
      until(`${names.join()} are Ready`, async () => {
        const all = await Promise.all(names.map(hands.read));
        return all.every((workspace) => isCurrent(workspace));
      }),
    seconds: (count) => scene.clock.advance(count * 1_000),
    freeze() {
      operator.kill();
      return capture(scene, world.sent, hands.conditions());
    },
  };
}

export function conditionOf(workspace: Workspace | undefined, type: string): Condition | undefined {
  return workspace?.status?.conditions?.find((candidate) => candidate.type === type);
}

function isCurrent(workspace: Workspace | undefined): boolean {
  return ['Ready', 'UpToDate'].every((type) => conditionOf(workspace, type)?.status === 'True');
}

const API_VERSION = 'compute.molecule.ai/v1alpha1';

export function klass(name: string, spec: Record<string, unknown> = {}): Deed {
  return {
    create: {
      apiVersion: API_VERSION,
      kind: 'WorkspaceClass',
      metadata: { name },
      spec: {
        allowedNamespaces: { from: 'All' },
        images: [{ architecture: 'x86_64', ssmParameter: '/workspaces/images/x86_64' }],
        instanceTypes: [{ name: 'm7i.large' }, { name: 'm6i.large' }],
        subnets: [{ tags: { workspaces: 'true' } }],
        securityGroups: [{ tags: { workspaces: 'true' } }],
        heartbeat: { periodSeconds: 10, timeoutSeconds: 30 },
        startupTimeoutSeconds: 120,
        rollout: { debounceSeconds: 2, minIntervalSeconds: 20, maxUnavailable: '100%' },
        repair: { policy: 'Replace', afterSeconds: 60 },
        ...spec,
      },
    },
  };
}

export function secret(name: string, stringData: Record<string, string>): Deed {
  return { create: { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData } };
}

export function secretNow(name: string, stringData: Record<string, string>): Deed {
  const data = Object.fromEntries(
    Object.entries(stringData).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  return { patch: 'Secret', name, with: { data } };
}

export function workspace(name: string, spec: Record<string, unknown>): Deed {
  return { create: { apiVersion: API_VERSION, kind: 'Workspace', metadata: { name }, spec } };
}

export function specNow(name: string, spec: Record<string, unknown>): Deed {
  return { patch: 'Workspace', name, with: { spec } };
}

/** Of every launch of these Workspaces; a Workspace is named by its tag. */
export function launchesOf(name: string) {
  return { action: 'RunInstances', match: { 'tag:compute.molecule.ai/name': name } };
}

export const lifted: { conditions: Conditions } = { conditions: {} };
