import { Counter, Histogram, type Registry } from 'prom-client';
import { namesOf } from '../../api/base/table.ts';
import { CAUSE_KINDS, type CauseKind, kindsThatSpend } from '../../api/reasons/causes.ts';
import { VIOLATIONS, type Violation } from '../../api/reasons/violations.ts';
import { startAtZero } from '../../controller/serve/zero.ts';

/** The operator's own counters; the ledger can be audited from them (docs/metrics-and-events.md). */
export interface WorkspaceMetrics {
  changes: Counter<'cause'>;
  provisions: Counter<'cause'>;
  deferred: Counter<'cause'>;
  violations: Counter<'violation'>;
  /** A launch became Ready `afterMs` after its cause counted. */
  ready(cause: CauseKind, afterMs: number): void;
}

/** From a boot of a minute to a day in which there was no capacity, s. */
const READY_BUCKETS = [30, 60, 90, 120, 180, 300, 600, 1_200, 3_600, 14_400, 86_400];

export function createWorkspaceMetrics(registry: Registry): WorkspaceMetrics {
  const byCause = (name: string, help: string, causes: readonly CauseKind[]) =>
    startAtZero(
      new Counter({ name, help, labelNames: ['cause'], registers: [registry] }),
      causes.map((cause) => ({ cause })),
    );
  const ready = new Histogram({
    name: 'workspace_change_ready_seconds',
    help: 'Time from when a change, a request or an end counted until an instance for it was Ready, by cause.',
    labelNames: ['cause'],
    buckets: READY_BUCKETS,
    registers: [registry],
  });
  for (const cause of CAUSE_KINDS) ready.zero({ cause });
  return {
    changes: byCause(
      'workspace_changes_total',
      'What counted, so that one provision is due for it, by cause: changes as they count, requests and ends as a launch for them is opened. Where two changes share a provision, as the first was not carried out yet, there are fewer of those.',
      CAUSE_KINDS,
    ),
    provisions: byCause(
      'workspace_provisions_total',
      'Instances provisioned (accepted RunInstances), by what they were for.',
      CAUSE_KINDS,
    ),
    deferred: byCause(
      'workspace_changes_deferred_total',
      'Changes that had to wait because the present launch was too young or still progressing, by cause.',
      kindsThatSpend('generation'),
    ),
    violations: startAtZero(
      new Counter({
        name: 'workspace_ledger_violations_total',
        help: 'Times that the ledger was seen to be broken, which must be 0: TwoInstances of one Workspace live at once, NumberReused for a second instance, NoChange for a provision that spends what another spent, or what never counted.',
        labelNames: ['violation'],
        registers: [registry],
      }),
      namesOf(VIOLATIONS).map((violation: Violation) => ({ violation })),
    ),
    ready: (cause, afterMs) => ready.observe({ cause }, afterMs / 1000),
  };
}
