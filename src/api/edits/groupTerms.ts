import { createHash } from 'node:crypto';
import type { WorkspaceClassSpec } from '../kinds/workspaceClass.ts';
import type { WorkspaceClassStatus } from '../kinds/workspaceClassStatus.ts';
import type { Met } from './meets.ts';

export type GroupTerm = WorkspaceClassSpec['securityGroups'][number];
type Found = WorkspaceClassStatus['securityGroups'];

/** Names a term by its content. */
export function termDigest({ id, tags = {} }: GroupTerm): string {
  const sorted = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([id ?? null, sorted]))
    .digest('hex')
    .slice(0, 20);
}

/** The groups that a term selects: as first found, by which an edit is judged, and as found since. */
interface Selection {
  first: readonly string[];
  ever: readonly string[];
}

function selectionOf(found: Found, digest: string): Selection | undefined {
  const known = found?.terms.find(({ term }) => term === digest);
  return known && { first: known.ids, ever: [...known.ids, ...(known.more ?? [])] };
}

/** Of a term that the spec has; undefined until EC2 was asked. */
function selectionNow(found: Found, term: GroupTerm): Selection | undefined {
  if (term.id !== undefined) return { first: [term.id], ever: [term.id] };
  return selectionOf(found, termDigest(term));
}

/**
 * Whether an instance with these groups has what the terms select. Only terms that were edited since its launch are judged,
 * each by the groups that were first found for it, so a look-up with another result is never an edit.
 * @param content the class's part of what it was launched for, by which `found` knows the terms of then
 */
export function meetsTerms(
  made: readonly string[],
  terms: readonly GroupTerm[],
  found: Found,
  content: string,
): Met {
  const then = found?.contents.find((it) => it.content === content)?.terms;
  const present = new Map(terms.map((term) => [termDigest(term), term]));
  const removed = then?.filter((digest) => !present.has(digest)).map((digest) => selectionOf(found, digest));
  if (!then || !removed || removed.includes(undefined)) return hasTerms(made, terms, found);
  const added = [...present]
    .filter(([digest]) => !then.includes(digest))
    .map(([, term]) => selectionNow(found, term));
  if (added.some((it) => it && !it.first.every((id) => made.includes(id)))) return 'unmet';
  if (added.includes(undefined)) return 'unknown';
  const kept = terms.flatMap((term) => selectionNow(found, term)?.ever ?? []);
  const given = removed.flatMap((it) => it?.ever ?? []);
  if (made.every((id) => kept.includes(id) || !given.includes(id))) return 'met';
  // Another term may select a group of a removed term; that has yet to be looked up.
  return terms.every((term) => selectionNow(found, term)) ? 'unmet' : 'unknown';
}

/** Whether these are the groups that the terms select, wherever they come from. */
export function hasTerms(made: readonly string[], terms: readonly GroupTerm[], found: Found): Met {
  const selections = terms.map((term) => selectionNow(found, term));
  if (selections.some((it) => it && !it.first.every((id) => made.includes(id)))) return 'unmet';
  if (selections.includes(undefined)) return 'unknown';
  const ever = selections.flatMap((it) => it?.ever ?? []);
  return made.every((id) => ever.includes(id)) ? 'met' : 'unmet';
}
