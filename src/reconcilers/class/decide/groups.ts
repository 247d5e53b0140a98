import { termDigest } from '../../../api/edits/groupTerms.ts';
import { sameGroups } from '../../../api/edits/meets.ts';
import { workspaceSpec } from '../../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import type { WorkspaceClassStatus } from '../../../api/kinds/workspaceClassStatus.ts';
import { classPart, machineDigest } from '../../../api/launch/machine.ts';
import type { ClassFacts, ClassResolution } from './facts.ts';

type Groups = NonNullable<WorkspaceClassStatus['securityGroups']>;
type Term = Groups['terms'][number];
type Content = Groups['contents'][number];

const MOST_CONTENTS = 32;
const MOST_TERMS = 64;
const MOST_LATER = 32;

/** Of no type of its own: only the class's part is used. */
const ANY = workspaceSpec.parse({ className: 'any' });

/**
 * The groups that the class's terms select: as first found, which stays, and as found since; and which terms
 * it had with each of its contents. An edit of the terms is judged by these, so that no look-up alone replaces an instance.
 */
export function groupsOf({ klass, resolution }: ClassFacts): Groups | undefined {
  const before = klass.status?.securityGroups;
  const found = foundBy(klass, resolution);
  if (!before && !found) return undefined;
  const present = [...new Set(klass.spec.securityGroups.map(termDigest))];
  const known = new Map(before?.terms.map((it) => [it.term, it]));
  for (const term of present) {
    const next = follow(term, known.get(term), found?.get(term));
    if (next) known.set(term, next);
  }
  const contents = contentsOf(klass, before?.contents ?? [], present);
  const needed = (all: readonly Content[]) => new Set([...present, ...all.flatMap(({ terms }) => terms)]);
  while (needed(contents).size > MOST_TERMS) contents.shift();
  const kept = needed(contents);
  const terms = [...known.values()].filter(({ term }) => kept.has(term));
  const now = resolution?.ok ? [...resolution.securityGroupIDs].sort() : before?.now;
  const first = firstOf(terms, present);
  return { terms, contents, ...(now && !sameGroups(now, first) && { now }) };
}

function foundBy(klass: WorkspaceClass, resolution: ClassResolution | undefined) {
  if (!resolution?.ok || !resolution.groupsByTerm) return undefined;
  const { groupsByTerm } = resolution;
  return new Map(
    klass.spec.securityGroups.map((term, index) => [termDigest(term), groupsByTerm[index] ?? []]),
  );
}

function follow(
  term: string,
  known: Term | undefined,
  found: readonly string[] | undefined,
): Term | undefined {
  if (!known) return found && { term, ids: [...found] };
  const more = known.more ?? [];
  const later = (found ?? []).filter((id) => !known.ids.includes(id) && !more.includes(id));
  return later.length > 0 ? { ...known, more: [...more, ...later].slice(-MOST_LATER) } : known;
}

function contentsOf(klass: WorkspaceClass, before: readonly Content[], terms: string[]): Content[] {
  const content = classPart(machineDigest(ANY, klass.spec));
  if (before.some((it) => it.content === content)) return [...before];
  return [...before, { content, terms }].slice(-MOST_CONTENTS);
}

/** The groups that these terms selected when they were first looked up. */
function firstOf(all: readonly Term[], terms: readonly string[]): string[] {
  return [...new Set(all.filter(({ term }) => terms.includes(term)).flatMap(({ ids }) => ids))];
}

/** A note for people about how the terms' groups changed since they were first found. */
export function saidOfGroups({ spec }: WorkspaceClass, groups: Groups | undefined): string {
  if (!groups?.now) return '';
  const { now, terms } = groups;
  const first = firstOf(terms, spec.securityGroups.map(termDigest));
  const added = now.filter((id) => !first.includes(id));
  const left = first.filter((id) => !now.includes(id));
  const says = [
    ...(added.length > 0 ? [`${added.join(', ')} newly matches spec.securityGroups`] : []),
    ...(left.length > 0 ? [`${left.join(', ')} does not match spec.securityGroups any more`] : []),
  ].join(', and ');
  return ` Since the terms were last edited ${says}: running instances keep their groups, and the next launch of each Workspace has the new ones. Restart those that need them now (spec.requests.restart).`;
}
