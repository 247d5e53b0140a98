import { Counter, type Registry } from 'prom-client';

/** The operator's own counters; the ledger can be audited from them (docs/metrics-and-events.md). */
export interface WorkspaceMetrics {
  provisions: Counter<'cause'>;
  deferred: Counter<'cause'>;
}

export function createWorkspaceMetrics(registry: Registry): WorkspaceMetrics {
  return {
    provisions: new Counter({
      name: 'workspace_provisions_total',
      help: 'Instances provisioned (accepted RunInstances), by what they were for.',
      labelNames: ['cause'],
      registers: [registry],
    }),
    deferred: new Counter({
      name: 'workspace_changes_deferred_total',
      help: 'Changes that had to wait because the present launch was too young or still progressing, by cause.',
      labelNames: ['cause'],
      registers: [registry],
    }),
  };
}
