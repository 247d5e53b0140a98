import type { WorkspaceClass } from '../../api/workspaceClass.ts';
import { type ClassTally, createTally } from '../fleet/tally.ts';
import { maxUnavailable } from '../workspace/decide/rollout.ts';
import type { ClassFacts, ClassNow, ClassResolution, FleetSummary } from './decide/facts.ts';
import { MOST_HALTS } from './decide/halts.ts';
import type { ClassDeps } from './deps.ts';

/** Gathers the facts of one class, from sums alone: it costs the same however many Workspaces the class has. */
export function observeClass(
  deps: ClassDeps,
  klass: WorkspaceClass,
  resolution: ClassResolution | undefined,
): { facts: ClassFacts; now: ClassNow } {
  const { name } = klass.metadata;
  const fleet = summaryOf(deps.fleet.of(name), klass);
  const now = { wall: deps.clock.now(), mono: deps.clock.monotonic() };
  const evidence = { heartbeats: deps.evidence.of(name), cloud: deps.evidence.cloud() };
  const wroteAt = deps.pace.wroteAt(name);
  return { facts: { klass, fleet, evidence, resolution, wroteAt, timing: deps.timing }, now };
}

/** What the class's status needs of its sums. */
export function summaryOf(sums: ClassTally | undefined, klass: WorkspaceClass): FleetSummary {
  const tally = sums ?? createTally();
  const { slots, standing, stuck } = tally;
  return {
    counts: { ...standing.counts },
    rolling: standing.rolling,
    dueSince: standing.dueSince(),
    unavailable: slots.unavailable,
    limit: maxUnavailable(klass.spec, slots.counted),
    replacedSince: standing.replacedSince,
    meanMs: standing.meanMs(),
    contents: contentsOf(tally, klass),
    stuck: stuck.summary(),
    blocked: standing.blocked(),
  };
}

/** Contents that are to be halted, as many as could be beside those that are, and those on record as halted. */
function contentsOf({ contents }: ClassTally, klass: WorkspaceClass): FleetSummary['contents'] {
  const halted = (klass.status?.halted ?? []).map(({ content }) => content);
  const names = new Set([...contents.failed(MOST_HALTS + halted.length), ...halted]);
  return [...names].sort().map(contents.summaryOf);
}
