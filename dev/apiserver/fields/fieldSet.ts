import { isObject } from '../json.ts';
import type { JsonObject, JsonValue } from '../kinds.ts';

/**
 * A set of paths in an object. A step is written as FieldsV1 has it: `f:name` for a field, `k:{"name":"x"}` for an
 * item of a list by its keys, `v:"x"` for an item of a set.
 */
export interface FieldSet {
  /** Whether the path that ends here is in the set. */
  readonly own: boolean;
  readonly kids: ReadonlyMap<string, FieldSet>;
}

export type Path = readonly string[];

export const noFields: FieldSet = { own: false, kids: new Map() };

export function isEmpty(set: FieldSet): boolean {
  return !set.own && set.kids.size === 0;
}

/** Steps below which nothing is left are left out. */
export function fieldSet(own: boolean, kids: Iterable<readonly [string, FieldSet]>): FieldSet {
  return { own, kids: new Map([...kids].filter(([, kid]) => !isEmpty(kid))) };
}

export function kidOf(set: FieldSet, step: string): FieldSet {
  return set.kids.get(step) ?? noFields;
}

export function setOf(paths: Iterable<Path>): FieldSet {
  let set = noFields;
  for (const path of paths) set = withPath(set, path);
  return set;
}

function withPath(set: FieldSet, [step, ...rest]: Path): FieldSet {
  if (step === undefined) return { own: true, kids: set.kids };
  return { own: set.own, kids: new Map(set.kids).set(step, withPath(kidOf(set, step), rest)) };
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const steps = new Set([...a.kids.keys(), ...b.kids.keys()]);
  return fieldSet(
    a.own || b.own,
    [...steps].map((step) => [step, union(kidOf(a, step), kidOf(b, step))]),
  );
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return fieldSet(
    a.own && b.own,
    [...a.kids].map(([step, kid]) => [step, intersection(kid, kidOf(b, step))]),
  );
}

/** What of `a` is not in `b`; a path in `b` takes nothing below it along. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return fieldSet(
    a.own && !b.own,
    [...a.kids].map(([step, kid]) => [step, difference(kid, kidOf(b, step))]),
  );
}

/** What of `a` is neither in `b` nor below a path in it. */
export function outside(a: FieldSet, b: FieldSet): FieldSet {
  if (b.own) return noFields;
  return fieldSet(
    a.own,
    [...a.kids].map(([step, kid]) => [step, outside(kid, kidOf(b, step))]),
  );
}

export function pathsOf(set: FieldSet, at: Path = []): Path[] {
  const below = sorted(set).flatMap(([step, kid]) => pathsOf(kid, [...at, step]));
  return set.own ? [at, ...below] : below;
}

function sorted(set: FieldSet): [string, FieldSet][] {
  return [...set.kids].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** As managedFields keep it. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const fields: JsonObject = {};
  for (const [step, kid] of sorted(set)) {
    fields[step] = kid.kids.size === 0 ? {} : { ...(kid.own ? { '.': {} } : {}), ...toFieldsV1(kid) };
  }
  return fields;
}

/** Throws an Error for what isn't FieldsV1. */
export function fromFieldsV1(fields: JsonValue | undefined): FieldSet {
  if (!isObject(fields)) throw new Error('fieldsV1 is not an object');
  const kids = Object.entries(fields).flatMap(([step, below]): [string, FieldSet][] => {
    if (step === '.') return [];
    if (!/^[fkvi]:/.test(step)) throw new Error(`missing colon: ${step}`);
    const kid = fromFieldsV1(below);
    const isLeaf = Object.keys(below as JsonObject).length === 0;
    return [[step, { own: isLeaf || Object.hasOwn(below as JsonObject, '.'), kids: kid.kids }]];
  });
  return fieldSet(false, kids);
}

function showStep(step: string): string {
  const kind = step.slice(0, 2);
  const rest = step.slice(2);
  if (kind === 'f:') return `.${rest}`;
  if (kind === 'v:') return `[=${rest}]`;
  if (kind === 'i:') return `[${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as JsonObject);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}

/** `.spec.env[name="A"].value`, as conflicts name a field. */
export function showPath(path: Path): string {
  return path.map(showStep).join('');
}
