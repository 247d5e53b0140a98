import { Gauge, type Registry } from 'prom-client';
import type { MissingEvidence } from '../../api/reasons/classReasons.ts';

/** One alert for missing evidence about a class's Workspaces, instead of one for each Workspace. */
export function createClassMetrics(registry: Registry) {
  let missing: () => Iterable<readonly [className: string, reason: MissingEvidence]> = () => [];
  new Gauge({
    name: 'workspace_class_evidence_missing',
    help: '1 while evidence on the Workspaces of a class is missing, so that nothing is replaced for the lack of it; by class and reason, absent otherwise.',
    labelNames: ['class', 'reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [className, reason] of missing()) this.set({ class: className, reason }, 1);
    },
  });
  return {
    watchMissing(source: typeof missing): void {
      missing = source;
    },
  };
}
