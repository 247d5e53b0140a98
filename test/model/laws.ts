import { progresses } from '../../src/reconcilers/workspace/decide/change.ts';
import { draftFrom } from '../../src/reconcilers/workspace/decide/decision.ts';
import { factsOf } from './facts.ts';
import type { World } from './world.ts';

const PROGRAMMATIC = new Set([
  'SecretChanged',
  'EnvChanged',
  'SpecChanged',
  'ClassChanged',
  'Ended',
  'Interrupted',
  'TimedOut',
  'HeartbeatLost',
  'Impaired',
  'Lost',
]);

/** The name of the law that a transition breaks, if any. */
export function broken(before: World, after: World): string | undefined {
  const live = after.instances.filter((it) => it.state === 'pending' || it.state === 'running');
  if (live.length > 1) return 'S1: at most one live instance a Workspace';
  const numbers = after.instances.map((it) => it.number);
  if (new Set(numbers).size !== numbers.length) return 'S2: at most one instance a launch number';
  if (after.gone && live.length > 0) return 'S4: no finalizer removed while an instance may live';
  const spent = after.spent.map(({ cause }) => `${ledgerOf(cause.kind)} ${cause.ref}`);
  if (new Set(spent).size !== spent.length) return 'S6: nothing is spent twice';
  const number = after.status?.launch?.number ?? 0;
  const grew = number > (before.status?.launch?.number ?? 0);
  if (grew && before.deleting) return 'S8: no new number after deletion';
  const cause = after.status?.launch?.cause?.kind;
  if (grew && cause && PROGRAMMATIC.has(cause) && wasProgressing(before)) {
    return 'S11: no programmatic number while a launch progresses';
  }
  const record = after.spent.find((entry) => entry.number === number);
  const params = after.status?.launch?.params;
  if (record?.params && params && record.params !== JSON.stringify(params))
    return 'S12: replays are byte-equal';
  return undefined;
}

function ledgerOf(kind: string): string {
  if (kind === 'Restart') return 'request';
  return ['Ended', 'Interrupted', 'TimedOut', 'HeartbeatLost', 'Impaired', 'Lost', 'Refused'].includes(kind)
    ? 'end'
    : 'generation';
}

/** Judged by what the status says and EC2 truly has: a launch whose instance ended progresses no more. */
function wasProgressing(world: World): boolean {
  const launch = world.status?.launch;
  if (!launch || launch.instanceID === undefined) return false;
  const truth = world.instances.find((it) => it.number === launch.number);
  if (truth?.state === 'terminated' || truth?.state === 'shutting-down' || truth?.alive) return false;
  return progresses(draftFrom(factsOf(world, []), { wall: world.now, mono: world.now }), launch);
}
