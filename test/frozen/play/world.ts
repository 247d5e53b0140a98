import { currentState, type RunInput } from '../../../dev/ec2/base/model.ts';
import type { Cloud } from '../../../dev/ec2/cloud/state.ts';
import type { RunRequest } from '../../../src/ec2/calls/port.ts';
import type { runInstancesInput } from '../../../src/ec2/launch/runInput.ts';
import { createScene, type Past, type Scene } from '../../simulator/scene/scene.ts';
import type { Frozen, FrozenRequest } from '../frozen.ts';
import { readBody, requestBody } from '../request.ts';
import { fromColumns } from '../rows.ts';

/** Other than any that is recorded with, so that nothing new has a name that is taken. */
const SEED = 4_711;
const PERIOD_MS = 10_000;

/** A scene that sees each launch as it goes over the wire. */
export interface World {
  scene: Scene;
  /** Launches as they are sent, in order; dry runs left out. */
  sent: readonly FrozenRequest[];
  /** What the cloud takes a request for that is rendered so. */
  toRunInput(render: typeof runInstancesInput): (request: RunRequest) => Promise<RunInput>;
}

export async function createWorld(seed: number, past?: Past): Promise<World> {
  const sent: FrozenRequest[] = [];
  return {
    scene: await createScene(seed, past && { past }),
    sent,
    toRunInput: (render) => async (request) => {
      const body = await requestBody(render(request));
      if (!request.dryRun) sent.push({ clientToken: request.clientToken, body });
      return readBody(body);
    },
  };
}

/** The frozen world, at the moment at which it was frozen, without an operator. */
export function revive(frozen: Frozen): Promise<World> {
  const agents = new Map(frozen.agents.map((agent) => [agent.instanceID, agent]));
  return createWorld(SEED, {
    now: frozen.savedAt.wall,
    objects: frozen.objects,
    rows: fromColumns(frozen.rows),
    instances: (cloud) => putInstances(cloud, frozen),
    resumed: ({ id }) => {
      const agent = agents.get(id);
      agents.delete(id);
      return agent && { ...agent, periodMs: PERIOD_MS };
    },
  });
}

/** Tokens are bound by the bodies that were sent: what the cloud makes of one is this release's. */
function putInstances(cloud: Cloud, { savedAt, sequence, instances, requests, agents }: Frozen): void {
  const shift = cloud.clock.monotonic() - savedAt.monotonic;
  const bodies = new Map(requests.map(({ clientToken, body }) => [clientToken, readBody(body)]));
  const resumed = new Set(agents.map(({ instanceID }) => instanceID));
  cloud.sequence = sequence;
  for (const stored of instances) {
    const input = bodies.get(stored.clientToken ?? '');
    if (!input) throw new Error(`the request that made ${stored.id} is not on record`);
    cloud.tokens.bind(input, stored.zone, stored.id);
    const instance = {
      ...structuredClone(stored),
      userData: input.userData,
      phases: stored.phases.map((phase) => ({ ...phase, at: phase.at + shift })),
      visibleAt: stored.visibleAt + shift,
      hiddenUntil: stored.hiddenUntil + shift,
      next: stored.next && { ...stored.next, at: stored.next.at + shift },
    };
    // A newly attached runtime counts a boot of each running instance; an agent that goes on stays in its boot.
    if (currentState(instance) === 'running' && resumed.has(instance.id)) instance.boots -= 1;
    cloud.instances.set(instance.id, instance);
    cloud.lifecycle.resume(instance);
  }
}
