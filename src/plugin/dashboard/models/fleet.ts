import { own } from '../../../api/base/own.ts';
import { READY_REASONS } from '../../../api/reasons/reasons.ts';
import { conditionOf, type SeenClass } from '../../views/seen.ts';
import { rolloutOf, viewOf } from '../../views/views.ts';
import { verdictOf } from './ledger.ts';
import { keyOf, type LiveWorkspace } from './live.ts';
import type { Availability, ClassRow, Row, Wait } from './shapes.ts';

const OVER: readonly string[] = ['shutting-down', 'terminated'];

/**
 * Whether it makes sense to talk to the agent, by the same rule as the gateway (docs/agent-protocol.md). The condition Ready
 * stands in for the heartbeats, which only gateways and controllers read.
 */
export function availabilityOf({ metadata, spec, status }: LiveWorkspace): Availability {
  const launch = status?.launch;
  const isAtRest = launch?.phase === 'Stopped' || launch?.phase === 'Closed';
  if (metadata.deletionTimestamp !== undefined) return 'Dead';
  if (spec.operatingMode === 'Stopped' && (launch === undefined || isAtRest)) return 'Dead';
  const ready = conditionOf({ ...(status && { status }) }, 'Ready');
  const isDown =
    !launch?.number || launch.ended !== undefined || isAtRest || OVER.includes(status?.instance?.state ?? '');
  if (isDown && own(READY_REASONS, ready?.reason ?? '')?.whileDown === 'Dead') return 'Dead';
  if (isDown || launch?.phase === 'Waiting' || launch?.readyAt === undefined) return 'Restarting';
  return ready?.status === 'True' && status?.instance?.state === 'running' ? 'Ready' : 'Unknown';
}

export function rowOf(workspace: LiveWorkspace): Row {
  const view = viewOf(workspace);
  const reason = view.why?.reason ?? 'Ready';
  const condition = view.why ? view.why.condition : 'Ready';
  return {
    key: keyOf(workspace),
    namespace: view.namespace,
    name: view.name,
    className: view.className,
    availability: availabilityOf(workspace),
    state: view.instance?.state ?? '',
    instance: view.instance?.id ?? '',
    reason,
    since: conditionOf(workspace, condition)?.lastTransitionTime ?? '',
    desired: view.generation.desired,
    launched: view.generation.launched,
    provisions: view.provisions,
    isViolated: !verdictOf(workspace).isGood,
  };
}

/** What waits in this Workspace, and for what. */
export function waitsOf(workspace: LiveWorkspace): Wait[] {
  const { spec, status = {} } = workspace;
  const { deferred, turn, restarts, launch, terminating = [] } = status;
  const key = keyOf(workspace);
  const waits: Wait[] = [];
  if (spec.paused)
    waits.push({ key, what: 'Every change', on: 'somebody to resume it: it is paused', until: '' });
  if (deferred)
    waits.push({
      key,
      what: `Change ${deferred.generation}`,
      on: 'the present launch, which is young or still starts',
      until: deferred.until,
    });
  if (turn)
    waits.push({
      key,
      what: `Change ${turn.generation}`,
      on:
        turn.behind === undefined
          ? `its turn${placeOf(turn)}`
          : `${turn.behind}, which tries it first${placeOf(turn)}`,
      until: turn.expectedAt ?? '',
    });
  if (restarts?.next !== undefined)
    waits.push({
      key,
      what: 'A restart that was asked for',
      on: `the pause after ${restarts.count} restarts in a row`,
      until: restarts.next,
    });
  if (launch?.phase === 'Waiting')
    waits.push({
      key,
      what: `Launch ${launch.number}`,
      on:
        terminating.length > 0
          ? `the end of ${terminating.map(({ instanceID }) => instanceID).join(', ')}`
          : 'its predecessor',
      until: '',
    });
  if (launch?.phase === 'Submitted' && launch.readyAt === undefined && launch.ended === undefined)
    waits.push({
      key,
      what: `Launch ${launch.number}`,
      on: launch.instanceID === undefined ? 'EC2’s answer' : `the first heartbeat of ${launch.instanceID}`,
      until: launch.deadline ?? '',
    });
  return waits;
}

function placeOf({ place, of }: { place?: number; of?: number }): string {
  return place === undefined
    ? ''
    : ` (place ${place}${of === undefined ? '' : ` of ${of}`} when the wait began)`;
}

export function classRowOf(klass: SeenClass): ClassRow {
  const { className, reason, message, counts, progress, halted } = rolloutOf(klass);
  const isOver = progress?.endedAt !== undefined;
  return {
    name: className,
    ...counts,
    rollout: reason,
    message,
    updated: progress?.updated ?? 0,
    toUpdate: progress?.total ?? 0,
    ends: isOver ? '' : (progress?.estimatedEndAt ?? ''),
    halted: halted.map(({ by, message: why }) => (by === undefined ? why : `${by}: ${why}`)),
  };
}
