import type { WorkspaceClassStatus } from '../../../src/api/kinds/workspaceClassStatus.ts';
import type { ClassFacts, FleetSummary } from '../../../src/reconcilers/class/decide/facts.ts';
import { classOf, HOUR, NOW, SECOND } from '../workspace/facts.ts';

const NOTHING_TO_DO: FleetSummary = {
  counts: { total: 10, current: 10, updating: 0, failing: 0 },
  rolling: 0,
  unavailable: 0,
  limit: 1,
  replacedSince: () => 0,
  contents: [],
  stuck: { refused: { count: 0 }, namespaces: [], isAllHalted: false },
  blocked: [],
};

export interface ClassOverrides extends Partial<Omit<ClassFacts, 'klass' | 'fleet'>> {
  spec?: Record<string, unknown>;
  status?: WorkspaceClassStatus;
  fleet?: Partial<FleetSummary>;
}

/** The facts of a class whose ten Workspaces are current, but for what the argument changes. */
export function classFactsOf({ spec, status, fleet, ...rest }: ClassOverrides = {}): ClassFacts {
  const klass = classOf(spec);
  return {
    klass: { ...klass, metadata: { ...klass.metadata, generation: 1 }, status },
    fleet: { ...NOTHING_TO_DO, ...fleet },
    evidence: { heartbeats: { reason: 'Available' }, cloud: { reason: 'Available' } },
    resolution: {
      ok: true,
      images: [{ architecture: 'x86_64', id: 'ami-1' }],
      securityGroupIDs: ['sg-1'],
    },
    wroteAt: NOW.mono - HOUR,
    timing: { resolveIntervalMs: 300 * SECOND, statusIntervalMs: 5 * SECOND },
    ...rest,
  };
}
