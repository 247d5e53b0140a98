import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { compileCrd } from '../../dev/apiserver/kinds/compileCrd.ts';
import type { CompiledSchema, JsonObject } from '../../dev/apiserver/values/kinds.ts';
import type { Frozen } from './frozen.ts';
import type { Code } from './operator.ts';

export interface State {
  release: string;
  name: string;
}

const fileOf = (release: string, ...path: string[]) => join(import.meta.dirname, release, ...path);

/** By the day on which each was frozen. */
export const releases: readonly string[] = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && /^\d{4}-\d{2}-\d{2}$/.test(entry.name))
  .map(({ name }) => name);

/** Every state of every release that was frozen. */
export const states: readonly State[] = releases.flatMap((release) =>
  readdirSync(fileOf(release))
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ release, name: file.replace(/[.]json$/, '') })),
);

export function readFrozen({ release, name }: State): Frozen {
  return JSON.parse(readFileSync(fileOf(release, `${name}.json`), 'utf8')) as Frozen;
}

/** The release's own operator. */
export async function loadCode(release: string): Promise<Code> {
  return (await import(fileOf(release, 'operator.mjs'))) as Code;
}

/** The release's definitions, by the name of the storage that their objects are in. */
export const readSchemas = ({ release }: State) => schemasOf(fileOf(release, 'crds'));

export const presentSchemas = () => schemasOf(join(import.meta.dirname, '..', '..', 'crds'));

const compiled = new Map<string, Map<string, CompiledSchema>>();

function schemasOf(folder: string): Map<string, CompiledSchema> {
  const known = compiled.get(folder);
  if (known) return known;
  const kinds = readdirSync(folder).flatMap((file) =>
    compileCrd(parse(readFileSync(join(folder, file), 'utf8')) as JsonObject),
  );
  const schemas = new Map(
    kinds.flatMap(({ group, plural, schema }) => (schema ? [[`${group}/${plural}`, schema] as const] : [])),
  );
  compiled.set(folder, schemas);
  return schemas;
}
