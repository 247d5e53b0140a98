import { conditionIn } from '../../api/base/conditions.ts';
import type { Workspace } from '../../api/kinds/workspace.ts';
import { type ReadyReason, readyTraitsOf } from '../../api/reasons/reasons.ts';
import type { LaunchEvidence } from '../store/evidence.ts';

export type Availability = 'Ready' | 'Restarting' | 'Unknown' | 'Dead';

/** Reasons of each availability. Dead may also have a reason of Ready that only a person can remove. */
export const AVAILABILITY_REASONS = {
  Ready: ['Ready'],
  Restarting: ['Replacing', 'Booting'],
  Unknown: [
    'HeartbeatLost',
    'InstanceNotRunning',
    'CommandFailing',
    'GatewayDistrusted',
    'EvidenceUnavailable',
  ],
  Dead: ['Stopped', 'Terminating'],
} as const satisfies Readonly<Record<Availability, readonly string[]>>;

export interface Judgement {
  availability: Availability;
  /** A CamelCase word for why; stable. */
  reason: (typeof AVAILABILITY_REASONS)[Availability][number] | ReadyReason;
}

/**
 * Whether it makes sense to talk to the Workspace's agent. Dead means: not there, and not coming back automatically.
 * A restart in any of its stages is Restarting, never Dead; a Workspace that can't be judged is Unknown.
 * `evidence` is the present launch's: undefined when there is none yet, 'unavailable' when the database did not answer.
 */
export function judgeAvailability(
  workspace: Workspace,
  evidence: LaunchEvidence | undefined | 'unavailable',
): Judgement {
  const { status, spec, metadata } = workspace;
  if (metadata.deletionTimestamp !== undefined) return { availability: 'Dead', reason: 'Terminating' };
  const launch = status?.launch;
  if (spec.operatingMode === 'Stopped' && (launch === undefined || isAtRest(launch.phase))) {
    return { availability: 'Dead', reason: 'Stopped' };
  }
  const blocker = conditionIn(status, 'Ready')?.reason;
  const down =
    launch === undefined ||
    launch.number === 0 ||
    launch.ended !== undefined ||
    isAtRest(launch.phase) ||
    ['shutting-down', 'terminated'].includes(status?.instance?.state ?? '');
  if (down && blocker !== undefined && isDeadWith(blocker)) return { availability: 'Dead', reason: blocker };
  if (down) return { availability: 'Restarting', reason: 'Replacing' };
  if (launch.phase === 'Waiting') return { availability: 'Restarting', reason: 'Replacing' };
  if (launch.readyAt === undefined) return { availability: 'Restarting', reason: 'Booting' };
  if (evidence === 'unavailable') return { availability: 'Unknown', reason: 'EvidenceUnavailable' };
  if (!evidence?.fresh) return { availability: 'Unknown', reason: 'HeartbeatLost' };
  if (status?.instance?.state !== 'running') return { availability: 'Unknown', reason: 'InstanceNotRunning' };
  if (evidence.trouble !== undefined) return { availability: 'Unknown', reason: evidence.trouble };
  return { availability: 'Ready', reason: 'Ready' };
}

function isDeadWith(blocker: string): blocker is ReadyReason {
  return readyTraitsOf(blocker)?.whileDown === 'Dead';
}

function isAtRest(phase: string): boolean {
  return phase === 'Stopped' || phase === 'Closed';
}
