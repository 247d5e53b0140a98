import { own } from '../../../../api/base/own.ts';
import type { Blocker, FrozenLaunch, View } from '../facts/view.ts';

/** In the place of the code of a refusal: EC2 took the request up. */
export const ACCEPTED = 'accepted';

type Action = 'StartInstances' | 'StopInstances';

/** Whether EC2 took up the last such request, as far as this process knows. */
export function wasAccepted({ facts }: View, action: Action, id: string): boolean {
  return own(facts.process.powerAnswers ?? {}, `${action} ${id}`) === ACCEPTED;
}

/** AWS's code for refusing the last such request. */
export function refusalOf({ facts }: View, action: Action, id: string | undefined): string | undefined {
  const answer = id === undefined ? undefined : own(facts.process.powerAnswers ?? {}, `${action} ${id}`);
  return answer === ACCEPTED ? undefined : answer;
}

/** EC2's refusal of a stop or a start that is due. */
export function powerBlocked(view: View, { instanceID, phase, readyAt }: FrozenLaunch): Blocker | undefined {
  const state = view.status.instance?.state;
  if (phase === 'Stopped' && state === 'running') {
    const code = refusalOf(view, 'StopInstances', instanceID);
    if (code === undefined) return undefined;
    return {
      reason: 'StopBlocked',
      message: `EC2 refuses to stop ${instanceID} (${code}), so it runs on; it is asked again automatically. See whether stop protection is on, and whether the operator may call StopInstances.`,
    };
  }
  if (phase !== 'Submitted' || readyAt !== undefined || state !== 'stopped') return undefined;
  const code = refusalOf(view, 'StartInstances', instanceID);
  if (code === undefined) return undefined;
  return {
    reason: 'StartBlocked',
    message: `EC2 refuses to start ${instanceID} (${code}); it is asked again automatically, and the disk is kept. Wait for capacity, have the quota raised, or let the operator call StartInstances, as the code says. To go on without this instance’s disk, ask for a restart (spec.requests.restart): that makes a new instance, in any zone that has capacity.`,
  };
}

/** Whether an instance of the launch ever sent a heartbeat, so that people's work may be on its disk. */
export function hasLived({ after, readyAt }: FrozenLaunch): boolean {
  return readyAt !== undefined || (after?.boot ?? 0) > 0;
}
