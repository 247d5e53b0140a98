import type { Workspace } from '../../api/kinds/workspace.ts';
import type { Store } from '../../controller/cache/store.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import { parseStamp } from '../../controller/lib/time.ts';
import { createOfferingMemory, type OfferingMemory } from '../../ec2/launch/offerings.ts';
import type { Timing } from './decide/facts/facts.ts';
import { hardlyServed } from './decide/health/interruption.ts';

interface RefusalOptions {
  clock: Clock;
  wake(key: string): void;
  aws: { capacityRetryMs: number };
  timing: Pick<Timing, 'repairBackoffMinMs' | 'repairBackoffMaxMs'>;
}

/**
 * Hands on what statuses say that EC2 refused, as they change: a process that starts, or takes over, knows as much as the
 * one before, and ends nothing for a launch that is refused.
 */
export function createRefusals(
  workspaces: Pick<Store<Workspace>, 'list' | 'onChange'>,
  { clock, wake, aws, timing }: RefusalOptions,
): OfferingMemory {
  const offerings = createOfferingMemory({
    clock,
    wake,
    capacityMs: aws.capacityRetryMs,
    quotaMs: timing.repairBackoffMinMs,
    maxMs: timing.repairBackoffMaxMs,
  });

  function hand({ status }: Workspace): void {
    for (const { at, until, ...refusal } of status?.refusals ?? [])
      offerings.recorded({ ...refusal, at: parseStamp(at), until: parseStamp(until) });
  }
  /**
   * Spot capacity that EC2 takes back before an instance served for long is lacking: the next launch asks for another
   * offering. Karpenter marks the offering of each interruption so (pkg/controllers/interruption, MarkUnavailable).
   */
  function noteInterruption(before: Workspace['status'], { launch }: NonNullable<Workspace['status']>): void {
    const ended = launch?.ended;
    if (ended?.outcome !== 'Interrupted' || !launch?.params) return;
    const wasKnown = before?.launch?.number === launch.number && before.launch.ended !== undefined;
    if (wasKnown || !hardlyServed(launch, ended, timing.repairBackoffMaxMs)) return;
    offerings.takenBack(launch.params);
  }

  for (const workspace of workspaces.list()) hand(workspace);
  workspaces.onChange(({ type, object, old }) => {
    if (type === 'deleted') return;
    hand(object);
    if (old && object.status) noteInterruption(old.status, object.status);
  });
  return offerings;
}
