import { isObject } from '../values/json.ts';
import type { JsonObject, JsonValue } from '../values/kinds.ts';

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

/** With other kids where they differ, or the same set where they don't: most writes leave most sets as they are. */
function withKids(set: FieldSet, own: boolean, changed: readonly (readonly [string, FieldSet])[]): FieldSet {
  if (changed.length === 0) return own === set.own ? set : { own, kids: set.kids };
  const kids = new Map(set.kids);
  for (const [step, kid] of changed) {
    if (isEmpty(kid)) kids.delete(step);
    else kids.set(step, kid);
  }
  return { own, kids };
}

/** `a` itself when it has all of `b`. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a;
  if (isEmpty(a)) return b;
  const changed: [string, FieldSet][] = [];
  for (const [step, kid] of b.kids) {
    const mine = a.kids.get(step);
    const both = mine === undefined ? kid : union(mine, kid);
    if (both !== mine) changed.push([step, both]);
  }
  return withKids(a, a.own || b.own, changed);
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return noFields;
  return fieldSet(
    a.own && b.own,
    [...b.kids].map(([step, kid]) => [step, intersection(kidOf(a, step), kid)]),
  );
}

/** What of `a` is not in `b`, `a` itself when that is all; a path in `b` takes nothing below it along. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return a;
  const changed: [string, FieldSet][] = [];
  for (const [step, kid] of b.kids) {
    const mine = a.kids.get(step);
    const left = mine === undefined ? undefined : difference(mine, kid);
    if (left !== undefined && left !== mine) changed.push([step, left]);
  }
  return withKids(a, a.own && !b.own, changed);
}

/** What of `a` is neither in `b` nor below a path in it. */
export function outside(a: FieldSet, b: FieldSet): FieldSet {
  if (b.own) return noFields;
  return fieldSet(
    a.own,
    [...a.kids].map(([step, kid]) => [step, outside(kid, kidOf(b, step))]),
  );
}

/** In the server's order: what ends at a level comes before what goes deeper. */
export function pathsOf(set: FieldSet, at: Path = []): Path[] {
  const kids = sorted(set);
  const here = kids.filter(([, kid]) => kid.own).map(([step]) => [...at, step]);
  return [...here, ...kids.flatMap(([step, kid]) => pathsOf(kid, [...at, step]))];
}

function sorted(set: FieldSet): [string, FieldSet][] {
  return [...set.kids].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What sets are as FieldsV1, so that those that writes leave alone are neither read nor written again. */
const written = new WeakMap<FieldSet, JsonObject>();

function below(set: FieldSet): JsonObject {
  const fields: JsonObject = set.own ? { '.': {} } : {};
  for (const [step, kid] of sorted(set)) fields[step] = kid.kids.size === 0 ? {} : below(kid);
  return fields;
}

/** As managedFields keep it; the same object for the same set. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const known = written.get(set);
  if (known !== undefined) return known;
  const fields = below(set);
  written.set(set, fields);
  return fields;
}

function read(fields: JsonValue | undefined): FieldSet {
  if (!isObject(fields)) throw new Error('fieldsV1 is not an object');
  const entries = Object.entries(fields);
  const kids = new Map<string, FieldSet>();
  for (const [step, inner] of entries) {
    if (step === '.') continue;
    if (!/^[fkvi]:/.test(step)) throw new Error(`missing colon: ${step}`);
    const kid = read(inner);
    kids.set(step, kid.kids.size === 0 ? { own: true, kids: kid.kids } : kid);
  }
  return { own: Object.hasOwn(fields, '.'), kids };
}

/** Throws an Error for what isn't FieldsV1. */
export function fromFieldsV1(fields: JsonValue | undefined): FieldSet {
  const set = read(fields);
  if (isObject(fields)) written.set(set, fields);
  return set;
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
