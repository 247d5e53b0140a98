import { own } from '../../../../api/base/own.ts';
import { msBetween, plus } from '../../../../controller/lib/time.ts';
import { type Draft, propose, wakeAfter } from '../facts/decision.ts';
import { findInstance, isOurs, trackEnding, wakeForProof } from './ending.ts';

/** Ends followed at once: the list in the status takes 16, and the present launch's own may join them. */
const MOST_ENDS = 15;

/**
 * Ends launches numbered below the persisted one, or any when the Workspace is being deleted.
 * Both conditions are monotone, so even a stale leader does no harm. It ends only instances of our own requests, as EC2's client
 * token proves: a right to write statuses or tags must not be enough to end an instance that is not ours.
 */
export function terminateSuperseded(draft: Draft): void {
  const { facts, now, status } = draft;
  const deleting = facts.workspace.metadata.deletionTimestamp !== undefined;
  if (facts.workspace.spec.paused && !deleting) return;
  const number = status.launch?.number ?? 0;
  for (const instance of facts.instances) {
    const over = deleting || instance.number < number;
    // Somebody copied our instances with their tags; the rest follows as these end.
    if ((status.terminating?.length ?? 0) >= MOST_ENDS) break;
    if (over && isOurs(draft, instance) && !isEnding(instance.state) && !instance.notFound)
      trackEnding(draft, instance.number, instance.id);
  }
  const ids: string[] = [];
  for (const entry of status.terminating ?? []) {
    if (!deleting && entry.number >= number) continue;
    const instance = findInstance(draft, entry.instanceID);
    // EC2's word of which launch made it counts, not the status's.
    if (!deleting && (instance?.number ?? 0) >= number) continue;
    if (isEnding(instance?.state)) continue;
    if (instance?.notFound) {
      // EC2 refuses a whole call for one id that it does not find.
      wakeForProof(draft, instance);
      continue;
    }
    if (!instance || !isOurs(draft, instance)) {
      // EC2 has yet to show the instance, or shows no client token.
      wakeAfter(draft, facts.timing.terminateRetryMs);
      continue;
    }
    const sentAt = own(facts.process.terminateSentAt, entry.instanceID);
    const wait = sentAt === undefined ? 0 : msBetween(now.mono, plus(sentAt, facts.timing.terminateRetryMs));
    if (wait > 0) wakeAfter(draft, wait);
    else ids.push(entry.instanceID);
  }
  const [alone, ...others] = ids.sort();
  if (alone === undefined) return;
  // One that EC2 refuses to end must not keep the others: it is asked for alone, after them.
  const together = [alone, ...others].filter(
    (id) => own(facts.process.terminateRefusals ?? {}, id) === undefined,
  );
  propose(draft, { kind: 'TerminateInstances', ids: together.length > 0 ? together : [alone] });
}

function isEnding(state: string | undefined): boolean {
  return state === 'shutting-down' || state === 'terminated';
}
