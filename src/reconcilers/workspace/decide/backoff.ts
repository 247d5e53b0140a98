import { isFailure } from '../../../api/causes.ts';
import type { Launch } from '../../../api/workspace.ts';
import type { Draft } from './decision.ts';
import { heartbeatOf } from './ending.ts';

/** How many launches in a row, this one included, came to an unexpected end without having served for long. */
export function failuresWith(draft: Draft, launch: Launch): number {
  return failuresBefore(draft, launch) + (launch.ended && !isFailure(launch.ended) ? 0 : 1);
}

/** As kubelet's back-off does, it begins anew after a run longer than its longest pause. */
function failuresBefore(draft: Draft, launch: Launch): number {
  if (!launch.readyAt) return launch.failures;
  const served = servedUntil(draft, launch) - Date.parse(launch.readyAt);
  return served >= draft.facts.timing.repairBackoffMaxMs ? 0 : launch.failures;
}

/** Wall ms. Silence is no service. */
function servedUntil(draft: Draft, launch: Launch): number {
  if (launch.ended) return Date.parse(launch.ended.at);
  const { silence } = draft.facts.process;
  if (silence?.number !== launch.number) return draft.now.wall;
  return heartbeatOf(draft, launch)?.lastHeartbeatAt ?? silence.at;
}

/** The pause before what replaces this launch, from its end; it doubles from failure to failure. */
export function backoffMs(draft: Draft, launch: Launch): number {
  const { repairBackoffMinMs, repairBackoffMaxMs } = draft.facts.timing;
  const doublings = Math.min(failuresBefore(draft, launch), 16);
  return Math.min(repairBackoffMinMs * 2 ** doublings, repairBackoffMaxMs);
}
