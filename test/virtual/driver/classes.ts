import { currentState } from '../../../dev/ec2/base/model.ts';
import type { World, WorldOptions } from './world.ts';

const LIVE: ReadonlySet<string> = new Set(['pending', 'running', 'stopping', 'stopped']);
export const QUICK = { rollout: { maxUnavailable: '100%', minIntervalSeconds: 10 } };
export const STANDARD: WorldOptions = { standard: { ...QUICK, instanceProfile: 'standard' } };

/** Ids of live instances that a class's terms made, by its profile. */
export function made(world: World, className: string): string[] {
  return world
    .instances()
    .filter((it) => LIVE.has(currentState(it)) && it.instanceProfile === className)
    .map(({ id }) => id);
}

export async function createClass(world: World, name: string, maxInstances?: number): Promise<void> {
  world.cloud.account.instanceProfiles.push(name);
  await world.createClass(name, {
    ...QUICK,
    instanceProfile: name,
    ...(maxInstances !== undefined && { maxInstances }),
  });
  if (maxInstances === undefined) return;
  world.always(`at most ${maxInstances} of class ${name}`, () => {
    const ids = made(world, name);
    return ids.length <= maxInstances || `${ids} live`;
  });
}

/** Those whose move waits, by the condition that says so. */
export function waiting(world: World, names: readonly string[], reason = 'ClassLimitReached'): string[] {
  return names.filter((name) => {
    const { status, reason: said } = world.condition(name, 'UpToDate') ?? {};
    return status === 'False' && said === reason;
  });
}
