import type { Logger } from 'pino';
import type { Workspace } from '../../api/kinds/workspace.ts';
import type { Store } from '../../controller/cache/store.ts';
import type { Lease } from './context/deps.ts';
import { type LedgerEntry, ledgerBetween } from './decide/report/ledger.ts';
import type { WorkspaceMetrics } from './metrics.ts';

/**
 * Logs and counts what the record says, as it comes into the cache: by our own write's answer or, where that was lost, by
 * the watch. Only while this process leads; what was on record before is another's to have told. A line is missing only
 * where a process dies between the write and the line.
 */
export function keepLedger(
  workspaces: Store<Workspace>,
  { lease, logger, metrics }: { lease: Lease; logger: Logger; metrics: WorkspaceMetrics },
): void {
  workspaces.onChange(({ type, object, old }) => {
    if (type !== 'updated' || !lease.held()) return;
    const { namespace, name, uid } = object.metadata;
    const entries = ledgerBetween(old?.status, object.status);
    if (entries.length === 0) return;
    const named = logger.child({ controller: 'workspace', namespace, name });
    for (const entry of entries) tell(named, metrics, uid, entry);
  });
}

function tell(logger: Logger, metrics: WorkspaceMetrics, uid: string, entry: LedgerEntry): void {
  const { kind, ...fields } = entry;
  switch (kind) {
    case 'started':
      metrics.provisions.inc({ cause: entry.cause });
      logger.info({ event: 'provision.ec2_started', uid, ...fields }, 'provision started');
      return;
    case 'stopped':
      logger.info({ event: 'provision.ec2_stopped', uid, ...fields }, 'provision stopped');
      return;
    case 'deferred':
      metrics.deferred.inc({ cause: entry.cause });
      logger.info({ event: 'change.deferred', uid, ...fields }, 'change deferred');
      return;
  }
}
