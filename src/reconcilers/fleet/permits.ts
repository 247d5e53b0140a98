import type { WorkspaceClass } from '../../api/workspaceClass.ts';
import type { Claim } from '../workspace/decide/decision.ts';
import type { ContentFact, FleetFact } from '../workspace/decide/facts.ts';
import type { FleetEntry } from './entry.ts';
import type { ClassTally, ContentTally } from './tally.ts';

/** What a write under way will have taken once it is on record. */
export interface Permit extends Claim {
  uid: string;
  key: string;
  namespace: string;
}

/** The permits out at this moment: no more than there are workers, as a rule. */
export interface Permits {
  of(className: string): readonly Permit[];
  add(className: string, permit: Permit): void;
  drop(uid: string): void;
}

export function createPermits(): Permits {
  const held = new Map<string, { className: string; permit: Permit }>();
  return {
    of: (className) =>
      [...held.values()].flatMap((entry) => (entry.className === className ? [entry.permit] : [])),
    add: (className, permit) => void held.set(permit.uid, { className, permit }),
    drop: (uid) => void held.delete(uid),
  };
}

/** What a class comes to for one of its Workspaces: the store's sums, the permits of others, itself left out. */
export function factOf(
  self: FleetEntry,
  tally: ClassTally,
  others: readonly Permit[],
  klass: WorkspaceClass | undefined,
  contents: readonly string[],
): FleetFact {
  const known = tally.entries.get(self.uid);
  const slots = others.filter(({ slot }) => slot).length;
  const rooms = others.filter(({ room }) => room);
  const queued = known?.waits === 'RolloutQueued';
  return {
    counted: tally.counted,
    unavailable: tally.unavailable + slots - (known?.counts && !known.available ? 1 : 0),
    waiting: tally.queue.length - (queued ? 1 : 0),
    ahead: tally.queue.ahead(self.launchOrder),
    meanMs: tally.replaced > 0 ? tally.replacedMs / tally.replaced : undefined,
    room: {
      taken: tally.occupied + rooms.length - (known?.occupies ? 1 : 0),
      ahead: aheadForRoom(self, tally, klass),
      takenInNamespace:
        tally.occupiedIn.get(self.namespace) +
        rooms.filter(({ namespace }) => namespace === self.namespace).length -
        (known?.occupies ? 1 : 0),
      aheadInNamespace: tally.roomIn.get(self.namespace)?.ahead(self.createdOrder) ?? 0,
    },
    contents: Object.fromEntries(
      contents.map((name) => [name, contentFact(name, tally.contents.get(name), self.key, others, klass)]),
    ),
  };
}

/** Older ones that could enter: of a namespace that is nearly full no more than still fit into it. */
function aheadForRoom(self: FleetEntry, tally: ClassTally, klass: WorkspaceClass | undefined): number {
  const most = klass?.spec.maxInstancesPerNamespace;
  if (most === undefined) return tally.room.ahead(self.createdOrder);
  let ahead = 0;
  for (const [namespace, line] of tally.roomIn) {
    const fitting = Math.max(0, most - tally.occupiedIn.get(namespace));
    ahead += Math.min(line.ahead(self.createdOrder), fitting);
  }
  return ahead;
}

function contentFact(
  name: string,
  content: ContentTally | undefined,
  self: string,
  others: readonly Permit[],
  klass: WorkspaceClass | undefined,
): ContentFact {
  const taken = others.find(({ contents }) => contents.includes(name))?.key;
  const trying = [...(content?.trying ?? [])].find((key) => key !== self) ?? taken;
  return {
    proven: (content?.proven ?? 0) > 0,
    trying,
    failing: failuresSince(content, klass).length,
  };
}

/** Workspaces whose replacements failed again and again with this content since a person last said that it may go on. */
export function failuresSince(
  content: ContentTally | undefined,
  klass: WorkspaceClass | undefined,
): { key: string; message: string }[] {
  const resumedAt = klass?.status?.handled?.resumedAt ?? '';
  return [...(content?.failing ?? [])].flatMap(([key, { times, message }]) => {
    const since = times.filter((at) => Date.parse(at) > (Date.parse(resumedAt) || 0));
    return since.length >= 2 ? [{ key, message }] : [];
  });
}
