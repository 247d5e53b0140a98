import { isFailure } from '../../../../api/reasons/causes.ts';
import { msBetween, parseStamp, type WallMs } from '../../../../controller/lib/time.ts';
import type { FrozenLaunch, View } from '../facts/view.ts';
import { heartbeatOf } from '../record/ending.ts';

/** How many launches in a row, this one included, came to an unexpected end without having served for long. */
export function failuresWith(view: View, launch: FrozenLaunch): number {
  return failuresBefore(view, launch) + (launch.ended && !isFailure(launch.ended) ? 0 : 1);
}

/** As kubelet's back-off does, it begins again after a run longer than its longest pause. */
function failuresBefore(view: View, launch: FrozenLaunch): number {
  if (!launch.readyAt) return launch.failures;
  const served = msBetween(parseStamp(launch.readyAt), servedUntil(view, launch));
  return served >= view.facts.timing.repairBackoffMaxMs ? 0 : launch.failures;
}

/** Silence is no service. */
function servedUntil(view: View, launch: FrozenLaunch): WallMs {
  if (launch.ended) return parseStamp(launch.ended.at);
  const { silence } = view.facts.process;
  if (silence?.number !== launch.number) return view.now.wall;
  return heartbeatOf(view, launch)?.lastHeartbeatAt ?? silence.at;
}

/** The pause before what replaces this launch, from its end; it doubles from failure to failure. */
export function backoffMs(view: View, launch: FrozenLaunch): number {
  const { repairBackoffMinMs, repairBackoffMaxMs } = view.facts.timing;
  const doublings = Math.min(failuresBefore(view, launch), 16);
  return Math.min(repairBackoffMinMs * 2 ** doublings, repairBackoffMaxMs);
}
