import { TAG } from '../../../src/api/launch/tags.ts';
import type { Scene } from '../scene/scene.ts';

/** Of one Workspace's instances, by the cloud's own states: from the end of one until the next one runs, monotonic ms. */
function gapsOf(phases: readonly (readonly { state: string; at: number }[])[]): [from: number, to: number][] {
  return phases.flatMap((own, index): [number, number][] => {
    const from = own.find(({ state }) => state === 'shutting-down')?.at;
    if (from === undefined) return [];
    const to = phases[index + 1]?.find(({ state }) => state === 'running')?.at;
    return [[from, to ?? Number.POSITIVE_INFINITY]];
  });
}

/** The most Workspaces that were between two instances at the same moment, by the cloud's own books. */
export function mostDown(scene: Scene, named: (name: string) => boolean = () => true): number {
  const byName = new Map<string, { state: string; at: number }[][]>();
  for (const { tags, phases } of scene.stack.ec2.state.instances.values()) {
    const name = tags.find(({ key }) => key === TAG.name)?.value ?? '';
    if (named(name)) byName.set(name, [...(byName.get(name) ?? []), phases]);
  }
  const steps = [...byName.values()]
    .flatMap(gapsOf)
    .flatMap(([from, to]) => [
      { at: from, by: 1 },
      { at: to, by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by);
  let [down, most] = [0, 0];
  for (const { by } of steps) {
    down += by;
    most = Math.max(most, down);
  }
  return most;
}
