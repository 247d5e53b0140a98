import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import { AS_IN_STATUS, type ContentNames } from '../fleet/contentNames.ts';
import { type ClassTally, createTally } from '../fleet/sums/tally.ts';
import { maxUnavailable } from '../workspace/decide/replace/rollout.ts';
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
  const fleet = summaryOf(deps.fleet.of(name), klass, deps.fleet.names);
  const now = { wall: deps.clock.now(), mono: deps.clock.monotonic() };
  const evidence = { heartbeats: deps.evidence.of(name), cloud: deps.evidence.cloud() };
  const wroteAt = deps.pace.wroteAt(name);
  return { facts: { klass, fleet, evidence, resolution, wroteAt, timing: deps.timing }, now };
}

/** The part of a class's sums that its status needs. */
export function summaryOf(
  sums: ClassTally | undefined,
  klass: WorkspaceClass,
  names: ContentNames = AS_IN_STATUS,
): FleetSummary {
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
    contents: contentsOf(tally, klass, names),
    stuck: stuck.summary(),
    blocked: standing.blocked(),
  };
}

/** Contents that are to be halted, as many as could be beside those that are, and those on record as halted. */
function contentsOf(
  { contents }: ClassTally,
  { metadata, status }: WorkspaceClass,
  names: ContentNames,
): FleetSummary['contents'] {
  const recorded = status?.halted ?? [];
  const shown = new Map(recorded.map(({ content }) => [names.named(metadata.name, content), content]));
  const all = new Set([...contents.failed(MOST_HALTS + recorded.length), ...shown.keys()]);
  return [...all].sort().map((name) => ({
    ...contents.summaryOf(name),
    name: shown.get(name) ?? names.shown(metadata.name, name),
  }));
}
