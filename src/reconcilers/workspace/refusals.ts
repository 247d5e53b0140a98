import type { Workspace } from '../../api/kinds/workspace.ts';
import { TAKEN_BACK } from '../../api/launch/refusalScope.ts';
import type { Store } from '../../controller/cache/store.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import { parseStamp, plus } from '../../controller/lib/time.ts';
import { createOfferingMemory, type OfferingMemory } from '../../ec2/launch/offerings.ts';
import type { WorkspaceDeps } from './context/deps.ts';
import type { Timing } from './decide/facts/facts.ts';
import { hardlyServed } from './decide/health/interruption.ts';
import { paramsAuthentic, refusalAuthentic } from './observe/authenticity.ts';

interface RefusalOptions {
  clock: Clock;
  wake(key: string): void;
  aws: { capacityRetryMs: number };
  timing: Pick<Timing, 'repairBackoffMinMs' | 'repairBackoffMaxMs'>;
}

export interface Refusals extends OfferingMemory {
  /**
   * At the begin of a term: judges all statuses as if they were seen for the first time. What changed while another process led
   * may be signed with a key, or in a way, that was not known here then.
   */
  judgeAgain(): void;
}

/**
 * Hands on EC2's refusals from statuses as they change: a process that starts, or takes over, knows as much as the
 * one before, and ends nothing for a launch that is refused.
 */
export function createRefusals(
  { clusterID, workspaces }: { clusterID: string; workspaces: Pick<Store<Workspace>, 'list' | 'onChange'> },
  launchKeys: WorkspaceDeps['launchKeys'],
  { clock, wake, aws, timing }: RefusalOptions,
): Refusals {
  const offerings = createOfferingMemory({
    clock,
    wake,
    capacityMs: aws.capacityRetryMs,
    quotaMs: timing.repairBackoffMinMs,
    maxMs: timing.repairBackoffMaxMs,
  });

  /**
   * One without our MAC counts only in a status that this process had not seen before in its term, as after an upgrade: an
   * earlier release signed none. Without that, one who may write a single status could keep all Workspaces from launching.
   */
  function hand(workspace: Workspace, isFirst: boolean): void {
    for (const refusal of workspace.status?.refusals ?? []) {
      if (!isFirst && !refusalAuthentic({ clusterID, launchKeys }, workspace, refusal)) continue;
      const { at, until, mac: _, ...asked } = refusal;
      offerings.recorded({ ...asked, at: parseStamp(at), until: parseStamp(until) });
    }
  }
  /**
   * Spot capacity that EC2 takes back before an instance served for long is lacking: the next launch asks for another
   * offering. Karpenter marks the offering of each interruption so (pkg/controllers/interruption, MarkUnavailable).
   */
  function noteInterruption(before: Workspace['status'], workspace: Workspace): void {
    const launch = workspace.status?.launch;
    const ended = launch?.ended;
    if (ended?.outcome !== 'Interrupted' || !launch?.params) return;
    // Who may write one status could hold any offering from all others.
    if (!paramsAuthentic({ clusterID, launchKeys }, workspace)) return;
    const wasKnown = before?.launch?.number === launch.number && before.launch.ended !== undefined;
    if (wasKnown || !hardlyServed(launch, ended, timing.repairBackoffMaxMs)) return;
    offerings.takenBack(launch.params);
  }

  /** Hands on an end that an earlier process noted, if no refusal on record covers it yet. */
  function handInterruption(workspace: Workspace): void {
    const { status } = workspace;
    const { ended, params } = status?.launch ?? {};
    if (ended?.outcome !== 'Interrupted' || !params) return;
    if (!paramsAuthentic({ clusterID, launchKeys }, workspace)) return;
    if (!status?.launch || !hardlyServed(status.launch, ended, timing.repairBackoffMaxMs)) return;
    const { instanceType, capacityType, zone, subnetID, imageID } = params;
    const asked = { instanceType, capacityType, zone, subnetID, imageID };
    const at = parseStamp(ended.at);
    const until = plus(at, aws.capacityRetryMs);
    offerings.recorded({ ...asked, class: 'capacity', code: TAKEN_BACK, at, until });
  }

  function judgeAgain(): void {
    for (const workspace of workspaces.list()) {
      hand(workspace, true);
      handInterruption(workspace);
    }
  }

  judgeAgain();
  workspaces.onChange(({ type, object, old }) => {
    if (type === 'deleted') return;
    hand(object, type === 'added');
    if (old && object.status) noteInterruption(old.status, object);
  });
  return { ...offerings, judgeAgain };
}
