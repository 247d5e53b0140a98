import { conditionOf } from '../../views/seen.ts';
import { whyOf } from '../../views/why.ts';
import { rowOf, waitsOf } from './fleet.ts';
import { launchesOf, verdictOf } from './ledger.ts';
import type { LiveEvent, LiveWorkspace } from './live.ts';
import type { Detail } from './shapes.ts';
import { timelineOf } from './timeline.ts';

/** @param flags what the command to type next ends with */
export function detailOf(
  workspace: LiveWorkspace,
  events: readonly LiveEvent[] | { missing: string },
  flags: string,
): Detail {
  const why = whyOf(workspace, flags);
  const isMissing = 'missing' in events;
  return {
    row: rowOf(workspace),
    message: why?.message ?? conditionOf(workspace, 'Ready')?.message ?? '',
    todo: [why?.outdated, why?.todo].filter(Boolean).join(' '),
    next: why?.next ?? '',
    verdict: verdictOf(workspace),
    launches: launchesOf(workspace),
    waits: waitsOf(workspace),
    timeline: timelineOf(workspace, isMissing ? [] : events),
    eventsMissing: isMissing ? events.missing : '',
  };
}
