import type { Verdict } from '../../../api/base/meta.ts';
import type { ClassReason } from '../../../api/reasons/classReasons.ts';
import type { ClassFacts } from './facts.ts';

const STATIC = 'Until it is back nothing is replaced on silence, and what was known of each Workspace stays.';

/** Reports missing evidence once, here, and not on each of the class's Workspaces. */
export function judgeEvidence({
  evidence: { heartbeats },
}: ClassFacts): Verdict<ClassReason<'EvidenceAvailable'>> {
  const { reason } = heartbeats;
  switch (reason) {
    case 'Available':
      return { status: 'True', reason, message: 'Heartbeats are read, and a gateway takes them.' };
    case 'DatabaseUnavailable': {
      const message = `The database of heartbeats does not answer; see whether it runs, and DATABASE_URL. ${STATIC}`;
      return { status: 'False', reason, message };
    }
    case 'GatewayUnavailable': {
      const message = `No gateway is on record as up, so that no heartbeat can arrive; see whether one runs and reaches the database. ${STATIC}`;
      return { status: 'False', reason, message };
    }
    case 'MassSilence': {
      const { silent, expected } = heartbeats;
      const message = `${silent} of ${expected} instances fell silent within one heartbeat timeout, which is rather their way to the gateway than they themselves; look there. None of them is replaced until fewer are silent; restart some (spec.requests.restart) if they are dead indeed.`;
      return { status: 'False', reason, message };
    }
  }
}

export function judgeCloud({ evidence: { cloud } }: ClassFacts): Verdict<ClassReason<'CloudAvailable'>> {
  if (cloud.reason === 'Available') {
    return { status: 'True', reason: 'Available', message: 'EC2 shows its instances.' };
  }
  const code = cloud.code === undefined ? '' : ` (${cloud.code})`;
  const message = `EC2 has not shown its instances for a while${code}; see the log’s failed sweeps, credentials and the way to EC2. Until it does nothing is decided on what it does not show.`;
  return { status: 'False', reason: 'CloudUnavailable', message };
}
