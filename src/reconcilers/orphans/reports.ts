import { OPERATOR_EVENTS } from '../../api/reasons/eventReasons.ts';
import { LEASES } from '../../controller/lease/lease.ts';
import type { Ec2Failure, ObservedInstance } from '../../ec2/calls/port.ts';
import type { OrphanHold, OrphanVerdict } from './decide/judge.ts';
import type { OrphanDeps } from './deps.ts';
import { describeOrphan } from './facts.ts';

/** Reports orphans to people: in the log, and as events about the operator's own Lease, as there is no Workspace. */
export interface OrphanReports {
  /** The reason that keeps due instances from being ended; reported when it changes. */
  held(hold: OrphanHold | undefined): void;
  found(instance: ObservedInstance, verdict: OrphanVerdict): void;
  ended(instance: ObservedInstance): void;
  failed(failure: Ec2Failure): void;
  /** @param namespace the one that it is about; otherwise all */
  notLooked(error: unknown, namespace?: string): void;
}

const SAID: Readonly<Record<OrphanVerdict, string>> = {
  Young: 'It is watched until the grace is over.',
  Heartbeating: 'It still heartbeats, so the operator leaves it alone; end it yourself if it is not needed.',
  Foreign: 'Its tags are not those of a launch of this operator, so it is never ended; see who tagged it.',
  Due: 'It does not heartbeat.',
};

export function createOrphanReports(deps: OrphanDeps): OrphanReports {
  const { events, kube, leaseTarget, settings } = deps;
  const logger = deps.logger.child({ component: 'orphans' });
  let hold: OrphanHold | undefined;
  let regarding: Promise<Parameters<typeof events.record>[0]['regarding']> | undefined;

  async function record(reason: 'OrphanFound' | 'OrphanEnded', note: string): Promise<void> {
    const { type } = OPERATOR_EVENTS[reason];
    regarding ??= kube.get(LEASES, leaseTarget.name, leaseTarget.namespace).then(({ metadata: { uid } }) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      ...leaseTarget,
      uid,
    }));
    try {
      events.record({ regarding: await regarding, type, reason, action: 'LookForOrphans', note });
    } catch (error) {
      regarding = undefined;
      logger.warn({ err: error, reason }, 'no event: the operator’s Lease can not be read');
    }
  }

  function nameOf(instance: ObservedInstance): string {
    const { instanceID, state, uid, namespace, name, number } = describeOrphan(instance);
    const owner =
      uid === undefined ? 'no Workspace' : `launch ${number} of Workspace ${namespace}/${name} (uid ${uid})`;
    return `${instanceID} (${state}), tagged as ${owner}`;
  }

  return {
    held(next) {
      if (next !== hold && next !== undefined)
        logger.info({ event: 'orphans.held', reason: next }, 'no instance without an owner is ended');
      hold = next;
    },
    found(instance, verdict) {
      const about = { event: 'orphan.found', ...describeOrphan(instance), verdict };
      logger.warn(about, 'an instance of this cluster has no Workspace');
      if (verdict === 'Young') return;
      const would =
        verdict === 'Due' && settings.policy === 'Report'
          ? ' It is reported only: --orphans-policy Terminate would have it ended.'
          : '';
      void record('OrphanFound', `${nameOf(instance)}, belongs to no Workspace. ${SAID[verdict]}${would}`);
    },
    ended(instance) {
      logger.warn({ event: 'orphan.ended', ...describeOrphan(instance) }, 'an orphan is being terminated');
      void record('OrphanEnded', `${nameOf(instance)}, belonged to no Workspace and was terminated.`);
    },
    failed({ action, code, class: kind, requestID, message }) {
      logger.warn(
        { event: 'ec2.failed', effect: 'EndOrphan', action, code, class: kind, requestID },
        message,
      );
    },
    notLooked(error, namespace) {
      logger.warn({ err: error, namespace }, 'orphans not looked for; again after a later sweep');
    },
  };
}
