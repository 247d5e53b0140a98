import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import type { StuckSummary } from '../../class/decide/facts.ts';
import type { HaltFact } from '../../workspace/decide/facts/haltFact.ts';
import { FAILED_TRIES } from '../../workspace/decide/record/replacement.ts';
import { changeLine, createGroups } from '../lines/groups.ts';
import { createLine } from '../lines/line.ts';
import type { FleetEntry } from '../member/entry.ts';
import { countSince } from './contents.ts';

/**
 * `refused`: EC2 refuses what the class offers. `pinned`: EC2 refuses the type that it alone asks for. `failed`: with what
 * its namespace alone brings. `shared`: it failed with what others have too. `excused`: all that was before a person last
 * resumed the class. `lacking`: its owner must bring it back.
 */
type Kind = 'refused' | 'pinned' | 'failed' | 'shared' | 'excused' | 'lacking';

/** A namespace halts with the first failure of its own; a Secret that is missing may be one slip. */
const MOST_LACKING = 2;

/** With this many namespaces that have failures of their own, the class is to blame. */
const MOST_NAMESPACES = 2;

/** Those that were taken down for a change and don't come back, and what they halt. */
export interface StuckSums {
  /** How many of those that are down hold no slot: one for each namespace that halts, and those that a person excused. */
  readonly aside: number;
  /** Whether EC2 refuses what the class offers. */
  readonly isRefused: boolean;
  move(before: FleetEntry | undefined, now: FleetEntry | undefined): void;
  /** Returns the keys that waited for a halt that is over. @param rejudged see `settle` of Contents */
  settle(klass: WorkspaceClass | undefined, rejudged: readonly string[]): string[];
  haltOf(namespace: string): HaltFact | undefined;
  summary(): StuckSummary;
}

/** @param isShared whether a failure with this content is the class's matter */
export function createStuck(isShared: (content: string) => boolean): StuckSums {
  const stuck = new Map<string, FleetEntry>();
  const kinds = new Map<string, { kind: Kind; namespace: string }>();
  const refused = createLine();
  /** `failed` and `pinned`. */
  const own = createGroups();
  const failed = createGroups();
  const lacking = createGroups();
  const halting = createGroups();
  const waiting = createGroups();
  const rolling = createGroups();
  let excused = 0;
  /** Of those with a change due, how many are in namespaces that are halted. */
  let haltedRolling = 0;
  /** Keys of those to be judged again. */
  const moved = new Set<string>();
  let resumedAt: string | undefined;
  let wasClassHalted = false;

  function kindOf({ isLacking, stuck: how, fails }: FleetEntry): Kind | undefined {
    if (isLacking) return 'lacking';
    if (!how) return undefined;
    const { failedAt, refusedAt, isPinned } = how;
    if (countSince(failedAt, resumedAt) >= FAILED_TRIES)
      return fails.some(({ content }) => isShared(content)) ? 'shared' : 'failed';
    if (refusedAt !== undefined && countSince([refusedAt], resumedAt) > 0)
      return isPinned ? 'pinned' : 'refused';
    return failedAt.length >= FAILED_TRIES || refusedAt !== undefined ? 'excused' : undefined;
  }

  function roll(entry: FleetEntry | undefined, by: 1 | -1): void {
    if (!entry?.rolling) return;
    rolling.change(entry.namespace, entry.key, by);
    if (halting.first(entry.namespace) !== undefined) haltedRolling += by;
  }

  function count(key: string, by: 1 | -1): void {
    const known = kinds.get(key);
    if (!known) return;
    const { kind, namespace } = known;
    if (kind === 'excused') excused += by;
    else if (kind === 'refused') changeLine(refused, key, by);
    else if (kind === 'lacking') lacking.change(namespace, key, by);
    if (kind === 'failed') failed.change(namespace, key, by);
    if (kind === 'failed' || kind === 'pinned') own.change(namespace, key, by);
  }

  function judge(key: string): string | undefined {
    const before = kinds.get(key);
    const entry = stuck.get(key);
    const kind = entry && kindOf(entry);
    if (before?.kind === kind) return undefined;
    count(key, -1);
    if (entry && kind) kinds.set(key, { kind, namespace: entry.namespace });
    else kinds.delete(key);
    count(key, 1);
    return entry?.namespace ?? before?.namespace;
  }

  /** Follows which namespaces are halted. @returns whether it no longer is */
  function settleNamespace(namespace: string): boolean {
    const was = halting.first(namespace);
    const enough = lacking.sizeOf(namespace) >= MOST_LACKING;
    const is = own.first(namespace) ?? (enough ? lacking.first(namespace) : undefined);
    if (was === is) return false;
    if (was === undefined || is === undefined)
      haltedRolling += (is === undefined ? -1 : 1) * rolling.sizeOf(namespace);
    if (was) halting.change(namespace, was, -1);
    if (is) halting.change(namespace, is, 1);
    return is === undefined;
  }

  return {
    get aside() {
      return own.count + excused;
    },
    get isRefused() {
      return refused.length > 0;
    },
    move(before, now) {
      if (before?.waits === 'RolloutHalted') waiting.change(before.namespace, before.key, -1);
      if (now?.waits === 'RolloutHalted') waiting.change(now.namespace, now.key, 1);
      roll(before, -1);
      roll(now, 1);
      if (before && (before.stuck || before.isLacking)) {
        stuck.delete(before.key);
        moved.add(before.key);
      }
      if (now && (now.stuck || now.isLacking)) {
        stuck.set(now.key, now);
        moved.add(now.key);
      }
    },
    settle(klass, rejudged) {
      const before = resumedAt;
      resumedAt = klass?.status?.handled?.resumedAt;
      for (const key of before === resumedAt ? rejudged : stuck.keys()) moved.add(key);
      const opened = new Set<string>();
      for (const key of moved) {
        const namespace = judge(key);
        if (namespace !== undefined && settleNamespace(namespace)) opened.add(namespace);
      }
      moved.clear();
      const isClassHalted = own.count >= MOST_NAMESPACES || refused.length > 0;
      const isReleased = wasClassHalted && !isClassHalted;
      wasClassHalted = isClassHalted;
      return [...(isReleased ? waiting.names() : opened)].flatMap((name) => waiting.keysOf(name));
    },
    haltOf(namespace) {
      const first = refused.first();
      if (first) return { scope: 'class', why: 'refused', behind: first.key };
      const other = own.first(namespace) ?? own.any();
      if (other !== undefined && own.count >= MOST_NAMESPACES)
        return { scope: 'class', why: 'failed', behind: other };
      const behind = halting.first(namespace);
      if (behind === undefined) return undefined;
      return { scope: 'namespace', why: own.first(namespace) ? 'failed' : 'lacking', behind };
    },
    summary() {
      const namespaces = halting
        .some(MOST_NAMESPACES)
        .map(([namespace, example]) => ({ namespace, example }));
      const apart = failed.some(MOST_NAMESPACES).map(([, key]) => key);
      const isAllHalted = rolling.length > 0 && rolling.length === haltedRolling;
      return {
        refused: { count: refused.length, example: refused.first()?.key },
        namespaces,
        failedApart: apart.length >= MOST_NAMESPACES ? apart : undefined,
        isAllHalted,
      };
    },
  };
}
