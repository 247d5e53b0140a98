import type { Version, World } from './world.ts';

const numbers = new WeakMap<object, number>();
const byText = new Map<string, number>();

/** A number for a part of a world; equal parts have the same. They are shared between neighbours, so that few are read. */
export function idOf(part: object | undefined): number {
  if (!part) return 0;
  const known = numbers.get(part);
  if (known !== undefined) return known;
  const text = JSON.stringify(part);
  const id = byText.get(text) ?? byText.size + 1;
  byText.set(text, id);
  numbers.set(part, id);
  return id;
}

/** The name of a world, but for its budget: two with the same name have the same future. */
export function conditionOf(world: World): string {
  const { content, machine, misled, gone, queued, lacking, full, others, unsigned, object } = world;
  const { process, evidence, instances, flights, stale } = world;
  let text = `${content},${machine},${misled},${gone},${queued},${lacking},${full},${unsigned},${idOf(others)}`;
  for (const version of [object, world.previous, world.backup, process.lagging]) text += versionName(version);
  text += `,${idOf(process)},${idOf(evidence)}`;
  for (const parts of [instances, flights, stale]) {
    text += '|';
    for (const part of parts) text += `${idOf(part)},`;
  }
  return text;
}

function versionName(version: Version | undefined): string {
  if (!version) return ',';
  const { status, restart, stopped, deleting, finalizer, paused, type, klass } = version;
  const flags = `${stopped ? 's' : ''}${deleting ? 'd' : ''}${finalizer ? 'f' : ''}${paused ? 'p' : ''}`;
  return `,${idOf(status)}${restart}${flags}${type}/${klass}`;
}

export function keyOf(world: World): string {
  return `${conditionOf(world)}${idOf(world.budget)}/${idOf(world.ledger)}/${world.highest}`;
}
