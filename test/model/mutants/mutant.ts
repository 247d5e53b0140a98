import type { WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import { latest } from '../../../src/controller/lib/time.ts';
import { decide } from '../../../src/reconcilers/workspace/decide/decide.ts';
import type { Facts, InstanceFact } from '../../../src/reconcilers/workspace/decide/facts/facts.ts';
import type { LaunchAnswer } from '../../../src/reconcilers/workspace/decide/facts/processFacts.ts';
import type { Decide } from '../steps/rules.ts';
import type { Budget, Terms } from '../world/world.ts';

/** The operator with one rule of the protocol taken out, and where that is known to show. */
export interface Mutant {
  /** The number of the rule in docs/design.md. */
  rule: string;
  flaw: string;
  /** The law that it breaks. */
  breaks: RegExp;
  /** From a launch that is ready, rather than from the beginning. */
  ready?: boolean;
  /** In a world in which the protocol's assumptions fail, so that what depends on them is not asked. */
  misled?: boolean;
  /** The steps that are taken first, by name: the search begins where they lead. */
  after?: readonly string[];
  /** Whether it shows only in a world that is left alone. */
  alone?: boolean;
  budget: Partial<Budget>;
  terms?: Partial<Terms>;
  decide?: Decide;
}

export const ANY_TIME = Number.POSITIVE_INFINITY;

export function lying(lie: (facts: Facts) => Facts): Decide {
  return (facts, now) => decide(lie(facts), now);
}

export function withProcess(facts: Facts, changes: Partial<Facts['process']>): Facts {
  return { ...facts, process: { ...facts.process, ...changes } };
}

export function withStatus(facts: Facts, changes: Partial<WorkspaceStatus>): Facts {
  const { workspace } = facts;
  if (!workspace.status) return facts;
  return { ...facts, workspace: { ...workspace, status: { ...workspace.status, ...changes } } };
}

export function withMetadata(facts: Facts, changes: Partial<Facts['workspace']['metadata']>): Facts {
  const { workspace } = facts;
  return { ...facts, workspace: { ...workspace, metadata: { ...workspace.metadata, ...changes } } };
}

export function withInstances(
  facts: Facts,
  change: (instance: InstanceFact) => InstanceFact | undefined,
): Facts {
  return { ...facts, instances: facts.instances.flatMap((instance) => change(instance) ?? []) };
}

export function withAnswer(facts: Facts, change: (answer: LaunchAnswer) => LaunchAnswer): Facts {
  const { answer } = facts.process;
  return answer ? withProcess(facts, { answer: change(answer) }) : facts;
}

export function launchIn({ workspace }: Facts) {
  return workspace.status?.launch;
}

export function isDeleting({ workspace }: Facts): boolean {
  return workspace.metadata.deletionTimestamp !== undefined;
}

export function inDoubt(facts: Facts): boolean {
  const launch = launchIn(facts);
  return launch?.phase === 'Submitted' && launch.instanceID === undefined && !launch.ended;
}

/** In a pass that would arm a launch its predecessors are not looked at. */
export function blindToPredecessors(facts: Facts): Facts {
  const launch = launchIn(facts);
  if (launch?.phase !== 'Waiting') return facts;
  return withInstances(facts, (it) => (it.number < launch.number ? undefined : it));
}

export function sweptAtOnce(facts: Facts): Facts {
  return { ...facts, sweptAt: latest(facts.process.termAt, facts.sweptAt) };
}
