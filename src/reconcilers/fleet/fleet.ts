import { classNameOf } from '../../api/kinds/room.ts';
import type { Workspace } from '../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import type { Store } from '../../controller/cache/store.ts';
import type { MonoMs } from '../../controller/lib/time.ts';
import type { Claim } from '../workspace/decide/facts/decision.ts';
import type { FleetFact } from '../workspace/decide/facts/facts.ts';
import type { RoomFact } from '../workspace/decide/facts/roomFacts.ts';
import { slotIsFree, unverified } from '../workspace/decide/replace/rollout.ts';
import { roomIsLeft } from '../workspace/decide/room/limits.ts';
import { type Beliefs, createBeliefs } from './beliefs.ts';
import { AS_IN_STATUS, type ContentNames } from './contentNames.ts';
import { factOf, roomFor } from './fact.ts';
import { entryOf, type FleetEntry } from './member/entry.ts';
import { answered, expected, joined, outOfLine, type Permit } from './member/permits.ts';
import { type News, newsBetween, type Shown, shownOf } from './news.ts';
import { classesOf, guestIn, sameClasses } from './sums/guests.ts';
import { type ClassTally, createTally } from './sums/tally.ts';

/**
 * Sums over the Workspaces of each class, from their objects alone, so that a process that starts, or takes over, knows as
 * much. A decision that is not yet on record counts as if it were, so that no interleaving spends one place twice.
 */
export interface Fleet extends Pick<Beliefs, 'ofItself' | 'ofOthers'> {
  /** Undefined for a class that no Workspace names. */
  of(className: string): ClassTally | undefined;
  readonly names: ContentNames;
  /**
   * @param contents what it may be replaced for just now, as status has it
   * @param nameOf what that is compared by; without it these are names
   */
  factFor(workspace: Workspace, contents: readonly string[], nameOf?: (digest: string) => string): FleetFact;
  /** The room of another class for it. */
  roomFor(workspace: Workspace, className: string): RoomFact;
  /** Takes it all or nothing, in one moment, for a write on this version: false where that is not the newest any more. */
  take(workspace: Workspace, claim: Claim): boolean;
  /** A pass ended without a claim: it waits in line like others. */
  rejoin(uid: string): void;
  /** It can't use the place that it waits for: no other one waits for it until it is back, or its object changes. */
  standAside(uid: string): void;
  /**
   * The write of its claim was refused or not sent. Unless another is under way or unanswered, others may have
   * its place, and it stands aside until its next pass: that comes by its own backoff, and no other one waits for it.
   */
  refused(workspace: Workspace): void;
  /** The write was not answered and may have landed. Its claim is held until the store shows another version, or `notLanded`. */
  unanswered(workspace: Workspace, at: MonoMs): void;
  /** The unanswered write: the version that it was conditional on, and when it was sent. */
  doubtOf(uid: string): { version: string; at: MonoMs } | undefined;
  /** A read proves that no unanswered write happened, and none can any more. */
  notLanded(uid: string): void;
  /** At the begin of a term: takes all statuses as they stand, as another process wrote them, maybe of another release. */
  judgeAgain(): void;
}

export interface FleetOptions {
  workspaces: Pick<Store<Workspace>, 'list' | 'onChange'>;
  classes: Pick<Store<WorkspaceClass>, 'get' | 'onChange'>;
  /** Without it contents are compared as they are in status. */
  names?: ContentNames;
  /** Whether the operator wrote the status as it stands. Without it each counts. */
  isAuthentic?: (workspace: Workspace) => boolean;
  /** The part of a class's status about its Workspaces has changed. */
  onClass(className: string, news: News): void;
  /** There is a place for this Workspace now, and was none before. */
  onPlace(key: string): void;
}

interface Member {
  entry: FleetEntry;
  version: string;
  permit?: Permit | undefined;
  standsAside?: boolean;
}

export function createFleet({
  workspaces,
  classes,
  names = AS_IN_STATUS,
  isAuthentic = () => true,
  onClass,
  onPlace,
}: FleetOptions): Fleet {
  const tallies = new Map<string, ClassTally>();
  const members = new Map<string, Member>();
  const shown = new Map<string, Shown>();
  const beliefs = createBeliefs(isAuthentic);

  function tallyOf(className: string): ClassTally {
    const tally = tallies.get(className) ?? createTally();
    tallies.set(className, tally);
    return tally;
  }

  function put({ entry, permit, standsAside }: Member): void {
    const counted = permit ? expected(entry, permit) : standsAside ? outOfLine(entry) : entry;
    for (const className of classesOf(entry)) {
      if (className === entry.className) tallyOf(className).put(counted);
      else tallyOf(className).putGuest(guestIn(className, counted));
    }
  }

  function drop(uid: string): void {
    const member = members.get(uid);
    if (!member) return;
    members.delete(uid);
    for (const className of classesOf(member.entry)) {
      const tally = tallies.get(className);
      tally?.drop(uid);
      if (tally && tally.entries.size + tally.guests.size === 0) tallies.delete(className);
    }
  }

  function see(workspace: Workspace, isFirst = false): void {
    const believed = beliefs.see(workspace, isFirst);
    const entry = entryOf(believed, names.of(believed));
    const before = members.get(entry.uid)?.entry;
    if (before && !sameClasses(before, entry)) drop(entry.uid);
    const member = { entry, version: workspace.metadata.resourceVersion };
    members.set(entry.uid, member);
    put(member);
  }

  function settle(className: string): void {
    const klass = classes.get(className);
    const tally = tallies.get(className);
    const woken = tally?.settle(klass) ?? [];
    const before = shown.get(className);
    const now = tally && shownOf(tally, klass, names);
    if (now) shown.set(className, now);
    else shown.delete(className);
    const news = newsBetween(before, now);
    if (news) onClass(className, news);
    for (const key of woken) onPlace(key);
  }

  /** Its object is the same; how it counts is not. */
  function recount(member: Member, change: Pick<Member, 'permit' | 'standsAside'>): void {
    Object.assign(member, change);
    put(member);
    for (const className of classesOf(member.entry)) settle(className);
  }

  function entryFor(workspace: Workspace): FleetEntry {
    const member = members.get(workspace.metadata.uid);
    if (member?.version === workspace.metadata.resourceVersion) return member.entry;
    const believed = beliefs.ofOthers(workspace);
    return entryOf(believed, names.of(believed));
  }

  function factFor(
    workspace: Workspace,
    contents: readonly string[],
    nameOf?: (digest: string) => string,
  ): FleetFact {
    const entry = entryFor(workspace);
    return factOf(entry, tallies.get(entry.className) ?? createTally(), contents, nameOf);
  }

  function roomOf(workspace: Workspace, className: string): RoomFact {
    return roomFor(entryFor(workspace), tallies.get(className) ?? createTally());
  }

  for (const workspace of workspaces.list()) see(workspace, true);
  for (const [className, tally] of tallies) {
    const klass = classes.get(className);
    // A process that begins looks at all of them anyway.
    tally.settle(klass);
    shown.set(className, shownOf(tally, klass, names));
  }
  workspaces.onChange(({ type, object, old }) => {
    const { uid } = (old ?? object).metadata;
    const before = members.get(uid)?.entry;
    if (type === 'deleted') {
      drop(uid);
      beliefs.forget(uid);
    } else see(object);
    const now = members.get(uid)?.entry;
    for (const className of new Set([before, now].flatMap((entry) => (entry ? classesOf(entry) : []))))
      settle(className);
  });
  classes.onChange(({ object }) => settle(object.metadata.name));

  return {
    names,
    ofItself: beliefs.ofItself,
    ofOthers: beliefs.ofOthers,
    judgeAgain() {
      const before = [...tallies.keys()];
      for (const workspace of workspaces.list()) see(workspace, true);
      for (const className of new Set([...before, ...tallies.keys()])) settle(className);
    },
    of: (className) => tallies.get(className),
    factFor,
    roomFor: roomOf,
    take(workspace, claim) {
      const { metadata, spec } = workspace;
      const member = members.get(metadata.uid);
      const klass = classes.get(claim.move ? spec.className : classNameOf(workspace));
      if (!klass) return claim.move !== true;
      if (member?.version !== metadata.resourceVersion) return false;
      if (claim.move && !roomIsLeft({ room: roomOf(workspace, spec.className) }, klass.spec)) return false;
      const fact = factFor(workspace, claim.contents);
      if (claim.slot && (fact.halt || !slotIsFree(fact, klass.spec))) return false;
      if (claim.slot && unverified(fact, claim.contents) !== undefined) return false;
      if (claim.room && !roomIsLeft(fact, klass.spec)) return false;
      const permit = joined(member.permit, claim, metadata.resourceVersion);
      recount(member, { permit, standsAside: false });
      return true;
    },
    rejoin(uid) {
      const member = members.get(uid);
      if (member?.standsAside) recount(member, { standsAside: false });
    },
    standAside(uid) {
      const member = members.get(uid);
      if (member && !member.permit) recount(member, { standsAside: true });
    },
    refused({ metadata }) {
      const member = members.get(metadata.uid);
      if (member?.permit?.version !== metadata.resourceVersion) return;
      const permit = answered(member.permit);
      if (permit) member.permit = permit;
      else recount(member, { permit, standsAside: true });
    },
    unanswered({ metadata }, at) {
      const permit = members.get(metadata.uid)?.permit;
      if (permit?.version !== metadata.resourceVersion) return;
      permit.unansweredAt = at;
      permit.sent -= 1;
    },
    doubtOf(uid) {
      const permit = members.get(uid)?.permit;
      return permit?.unansweredAt === undefined
        ? undefined
        : { version: permit.version, at: permit.unansweredAt };
    },
    notLanded(uid) {
      const member = members.get(uid);
      if (member?.permit) recount(member, { permit: undefined });
    },
  };
}
