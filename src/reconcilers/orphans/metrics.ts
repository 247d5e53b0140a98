import { Counter, Gauge, type Registry } from 'prom-client';

export interface OrphanMetrics {
  orphans: Gauge<'verdict'>;
  ended: Counter;
}

export function createOrphanMetrics(registry: Registry): OrphanMetrics {
  return {
    orphans: new Gauge({
      name: 'workspace_orphans',
      help: 'Live instances of this cluster that no Workspace owns, by verdict; absent in a process that does not lead.',
      labelNames: ['verdict'],
      registers: [registry],
    }),
    ended: new Counter({
      name: 'workspace_orphans_ended_total',
      help: 'Instances without an owner that TerminateInstances was accepted for.',
      registers: [registry],
    }),
  };
}
