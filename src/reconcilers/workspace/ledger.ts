import type { Logger } from 'pino';
import type { Workspace } from '../../api/kinds/workspace.ts';
import type { Violation } from '../../api/reasons/violations.ts';
import type { Store } from '../../controller/cache/store.ts';
import type { Leadership } from '../../controller/lease/leadership.ts';
import { type CloudView, TAG } from '../../ec2/calls/port.ts';
import type { Events } from '../events.ts';
import { auditInstances, auditProvision, auditRequest, type Finding } from './decide/report/audit.ts';
import { type LedgerEntry, ledgerBetween } from './decide/report/ledger.ts';
import { becameReady, countedBetween } from './decide/report/life.ts';
import { recordCounted, recordGone, recordProvision, recordViolation } from './ledgerEvents.ts';
import type { WorkspaceMetrics } from './metrics.ts';

export interface LedgerDeps {
  clusterID: string;
  workspaces: Pick<Store<Workspace>, 'byIndex' | 'onChange'>;
  cloud: Pick<CloudView, 'ofWorkspace'>;
  lease: Leadership;
  events: Events;
  logger: Logger;
  metrics: WorkspaceMetrics;
}

/**
 * Logs, counts and emits the record's entries as they come into the cache: by our own write's answer or, where that was lost,
 * by the watch. It does so only while this process leads; the leader before reported earlier entries. A line is missing only
 * where a process dies between the write and the line. Returns the function to call when EC2's view of a Workspace changes.
 */
export function keepLedger(deps: LedgerDeps): (uid: string) => void {
  const { clusterID, workspaces, cloud, lease, events, logger, metrics } = deps;
  /** By uid, the instances in each reported breach of the law that EC2 shows. */
  const reported = new Map<string, ReadonlyMap<Violation, ReadonlySet<string>>>();

  workspaces.onChange(({ type, object, old }) => {
    if (type === 'deleted') reported.delete(object.metadata.uid);
    if (type !== 'updated' || !lease.held()) return;
    const [before, after] = [old?.status, object.status];
    for (const counted of countedBetween(before, after)) {
      metrics.changes.inc({ cause: counted.cause }, counted.times);
      recordCounted(events, object, counted);
      const finding = before && auditRequest(counted, before);
      if (finding) report(object, finding);
    }
    const ready = becameReady(before, after);
    if (ready) metrics.ready(ready.cause, ready.afterMs);
    for (const entry of ledgerBetween(before, after)) {
      note(object, entry);
      const finding = entry.kind === 'started' && before && after && auditProvision(entry, before, after);
      if (finding) report(object, finding);
    }
  });

  function note(workspace: Workspace, entry: LedgerEntry): void {
    const { namespace, name, uid } = workspace.metadata;
    const named = { controller: 'workspace', namespace, name };
    const { kind, ...fields } = entry;
    switch (kind) {
      case 'started':
        metrics.provisions.inc({ cause: entry.cause });
        logger.info({ ...named, event: 'provision.ec2_started', uid, ...fields }, 'provision started');
        recordProvision(events, workspace, entry);
        return;
      case 'stopped':
        logger.info({ ...named, event: 'provision.ec2_stopped', uid, ...fields }, 'provision stopped');
        recordGone(events, workspace, entry);
        return;
      case 'deferred':
        metrics.deferred.inc({ cause: entry.cause });
        logger.info({ ...named, event: 'change.deferred', uid, ...fields }, 'change deferred');
        return;
    }
  }

  function report(workspace: Workspace, { violation, message }: Finding): void {
    const { namespace, name, uid } = workspace.metadata;
    metrics.violations.inc({ violation });
    logger.error(
      { event: 'ledger.violated', controller: 'workspace', namespace, name, uid, violation, detail: message },
      'the ledger is broken: one change may have cost more than one provision',
    );
    recordViolation(events, workspace, violation, message);
  }

  return (uid) => {
    const [workspace] = workspaces.byIndex('uid', uid);
    if (!workspace || !lease.held()) return;
    const shown = cloud.ofWorkspace(uid).map((it) => ({ ...it, number: Number(it.tags[TAG.number]) }));
    const known = reported.get(uid);
    const now = new Map<Violation, Set<string>>();
    // By ids, not by words: an instance that goes on from pending to running is in the same breach.
    for (const finding of auditInstances(clusterID, uid, shown)) {
      const { violation, ids } = finding;
      if (ids.some((id) => !known?.get(violation)?.has(id))) report(workspace, finding);
      now.set(violation, new Set([...(now.get(violation) ?? []), ...ids]));
    }
    if (now.size > 0) reported.set(uid, now);
    else reported.delete(uid);
  };
}
