import { iso, msBetween, parseStamp } from '../../../../controller/lib/time.ts';
import type { InstanceFact } from '../facts/facts.ts';
import { capacityOf } from '../facts/made.ts';
import type { FrozenLaunch, View } from '../facts/view.ts';
import { heartbeatOf } from '../record/ending.ts';

/** EC2's codes for the end of a Spot instance that it took back (StateReason in the EC2 API reference). */
const TAKEN_BACK = new Set(['Server.SpotInstanceTermination', 'Server.SpotInstanceShutdown']);

/**
 * Whether EC2 took the instance back. Its own word counts alone: an agent that claims a notice and ends its instance
 * must not be replaced without a pause again and again.
 */
export function takenBack({ stateReasonCode }: InstanceFact): boolean {
  return stateReasonCode !== undefined && TAKEN_BACK.has(stateReasonCode);
}

/** Whether the launch ended before it had served that long, ms. */
export function hardlyServed(
  { readyAt }: Pick<FrozenLaunch, 'readyAt'>,
  { at }: { readonly at: string },
  ms: number,
): boolean {
  return readyAt === undefined || !(msBetween(parseStamp(readyAt), parseStamp(at)) >= ms);
}

/** EC2's notice to the present launch's Spot instance, as a sentence. It decides nothing; only the end does. */
export function announcedEnd(view: View, launch: FrozenLaunch): string | undefined {
  if (capacityOf(launch) !== 'Spot' || launch.instanceID === undefined) return undefined;
  const notice = heartbeatOf(view, launch)?.interruption;
  if (!notice) return undefined;
  return `EC2 takes the Spot instance ${launch.instanceID} back (${notice.action}) at ${iso(notice.at)}; once it has ended it is replaced.`;
}
