import type { Logger } from 'pino';
import type { Workspace } from '../../api/kinds/workspace.ts';
import type { Store } from '../../controller/cache/store.ts';
import type { Leadership } from '../../controller/lease/leadership.ts';
import { type CloudView, TAG } from '../../ec2/calls/port.ts';
import type { Events } from '../events.ts';
import { auditInstances, auditProvision, type Finding } from './decide/report/audit.ts';
import { type LedgerEntry, ledgerBetween } from './decide/report/ledger.ts';
import { becameReady, countedBetween } from './decide/report/life.ts';
import { tellCounted, tellGone, tellProvision, tellViolation } from './ledgerEvents.ts';
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
  /** By uid, the reported breaches of the law that EC2 shows. */
  const told = new Map<string, string>();

  workspaces.onChange(({ type, object, old }) => {
    if (type === 'deleted') told.delete(object.metadata.uid);
    if (type !== 'updated' || !lease.held()) return;
    const [before, after] = [old?.status, object.status];
    for (const counted of countedBetween(before, after)) {
      metrics.changes.inc({ cause: counted.cause }, counted.times);
      tellCounted(events, object, counted);
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
    const named = logger.child({ controller: 'workspace', namespace, name });
    const { kind, ...fields } = entry;
    switch (kind) {
      case 'started':
        metrics.provisions.inc({ cause: entry.cause });
        named.info({ event: 'provision.ec2_started', uid, ...fields }, 'provision started');
        tellProvision(events, workspace, entry);
        return;
      case 'stopped':
        named.info({ event: 'provision.ec2_stopped', uid, ...fields }, 'provision stopped');
        tellGone(events, workspace, entry);
        return;
      case 'deferred':
        metrics.deferred.inc({ cause: entry.cause });
        named.info({ event: 'change.deferred', uid, ...fields }, 'change deferred');
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
    tellViolation(events, workspace, violation, message);
  }

  return (uid) => {
    const [workspace] = workspaces.byIndex('uid', uid);
    if (!workspace || !lease.held()) return;
    const shown = cloud.ofWorkspace(uid).map((it) => ({ ...it, number: Number(it.tags[TAG.number]) }));
    const findings = auditInstances(clusterID, uid, shown);
    const text = JSON.stringify(findings);
    if (told.get(uid) === text) return;
    const before = told.get(uid) ?? '';
    if (findings.length === 0) told.delete(uid);
    else told.set(uid, text);
    for (const finding of findings) if (!before.includes(JSON.stringify(finding))) report(workspace, finding);
  };
}
