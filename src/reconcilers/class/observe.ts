import { CLASS_WIDE_REASONS } from '../../api/reasons.ts';
import { namesOf } from '../../api/table.ts';
import type { WorkspaceClass } from '../../api/workspaceClass.ts';
import type { FleetEntry } from '../fleet/entry.ts';
import { failuresSince } from '../fleet/permits.ts';
import { type ClassTally, createTally } from '../fleet/tally.ts';
import { maxUnavailable } from '../workspace/decide/rollout.ts';
import type { ClassContent, ClassFacts, ClassNow, FleetSummary } from './decide/facts.ts';
import type { ClassDeps } from './deps.ts';

/** Gathers the facts of one class. Walks over its Workspaces once, which a class's status is written seldom enough for. */
export async function observeClass(
  deps: ClassDeps,
  klass: WorkspaceClass,
  wroteAt: number | undefined,
): Promise<{ facts: ClassFacts; now: ClassNow }> {
  const resolution = await deps.resolver.resolve(klass.spec);
  const fleet = summarise(deps, klass);
  const now = { wall: deps.clock.now(), mono: deps.clock.monotonic() };
  const evidence = { heartbeats: deps.evidence.of(klass.metadata.name), cloud: deps.evidence.cloud() };
  return { facts: { klass, fleet, evidence, resolution, wroteAt, timing: deps.timing }, now };
}

function summarise({ fleet }: ClassDeps, klass: WorkspaceClass): FleetSummary {
  const tally = fleet.of(klass.metadata.name) ?? createTally();
  const entries = [...tally.entries.values()];
  const rolling = entries.filter((entry) => entry.rolling);
  const inState = (state: FleetEntry['state']) => entries.filter((entry) => entry.state === state).length;
  return {
    counts: {
      total: entries.length,
      current: inState('current'),
      updating: inState('updating'),
      failing: inState('failing'),
    },
    rolling: rolling.length,
    dueSince: rolling.length > 0 ? Math.min(...rolling.map(({ dueAt }) => dueAt)) : undefined,
    unavailable: tally.unavailable,
    limit: maxUnavailable(klass.spec, tally.counted),
    replaced: entries.flatMap(({ replaced }) => replaced?.from ?? []).sort((a, b) => a - b),
    meanMs: tally.replaced > 0 ? tally.replacedMs / tally.replaced : undefined,
    contents: contentsOf(tally, entries, klass),
    blocked: namesOf(CLASS_WIDE_REASONS).flatMap((reason) => {
      const keys = entries.filter((entry) => entry.reason === reason).map(({ key }) => key);
      const [example] = keys.sort();
      return example === undefined ? [] : [{ reason, count: keys.length, example }];
    }),
  };
}

/** Contents that somebody failed with, and those on record as halted. */
function contentsOf(
  tally: ClassTally,
  entries: readonly FleetEntry[],
  klass: WorkspaceClass,
): ClassContent[] {
  const failed = [...tally.contents].filter(([, { failing }]) => failing.size > 0).map(([name]) => name);
  const names = new Set([...failed, ...(klass.status?.halted ?? []).map(({ content }) => content)]);
  return [...names].sort().map((name) => {
    const content = tally.contents.get(name);
    const failures = failuresSince(content, klass);
    return {
      name,
      proven: (content?.proven ?? 0) > 0,
      failing: failures.length,
      message: failures[0]?.message ?? '',
      waiting: entries.filter(({ available, lacks }) => available && lacks.includes(name)).length,
    };
  });
}
