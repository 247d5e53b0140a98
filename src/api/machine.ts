import { createHash } from 'node:crypto';
import type { WorkspaceSpec } from './workspace.ts';
import type { WorkspaceClassSpec } from './workspaceClass.ts';

/** Version of the inputs below; a digest is compared only under the version it names, so that an upgrade rolls nothing. */
const VERSION = 'm1';

function part(value: unknown): string {
  return createHash('sha256').update(stableJSON(value)).digest('hex').slice(0, 20);
}

function stableJSON(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJSON).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${stableJSON(v)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}

/** An image as a class resolved it. */
export interface ClassImage {
  architecture: string;
  id: string;
}

/**
 * Digest of what only a new instance can take up: `m1:<Workspace part>:<class part>`, and with imageUpdatePolicy
 * Automatic the images, as they are: `…:x86_64=ami-1,arm64=ami-2`.
 * Left out on purpose: preferences among types and capacity, as a running instance stays valid; and other images.
 */
export function machineDigest(
  spec: WorkspaceSpec,
  klass: WorkspaceClassSpec,
  resolvedImages: readonly ClassImage[] = [],
): string {
  const { subnets, securityGroups, instanceProfile, rootVolume, tags, userData, imageUpdatePolicy } = klass;
  const own = part({ instanceType: spec.instanceType });
  const ofClass = part({ subnets, securityGroups, instanceProfile, rootVolume, tags, userData });
  const images = imageUpdatePolicy === 'Automatic' ? resolvedImages : [];
  const named = images.map(({ architecture, id }) => `${architecture}=${id}`).sort();
  return [VERSION, own, ofClass, ...(named.length > 0 ? [named.join(',')] : [])].join(':');
}

interface Machine {
  version: string;
  own: string;
  ofClass: string;
  images: ReadonlyMap<string, string>;
}

function parse(digest: string): Machine {
  const [version = '', own = '', ofClass = '', images = ''] = digest.split(':');
  const pairs = images === '' ? [] : images.split(',').map((pair): [string, string] => split(pair));
  return { version, own, ofClass, images: new Map(pairs) };
}

function split(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** Whether two digests can be compared at all: of one another's versions nothing is known, so nothing follows. */
export function comparableMachines(a: string, b: string): boolean {
  return parse(a).version === parse(b).version;
}

/** Whether an instance made for `held` is still what `desired` says, its image apart; digests of different versions never differ. */
export function sameMachine(held: string, desired: string): boolean {
  const [a, b] = [parse(held), parse(desired)];
  return a.version !== b.version || (a.own === b.own && a.ofClass === b.ofClass);
}

/** Whether an instance with this image has one of those that the digest asks for, if it asks for any. */
export function hasDesiredImage(desired: string, imageID: string | undefined): boolean {
  const wanted = [...parse(desired).images.values()];
  return imageID === undefined || wanted.length === 0 || wanted.includes(imageID);
}

/** Architectures whose image differs from one digest to the next. */
export function changedImages(before: string, after: string): string[] {
  const [a, b] = [parse(before).images, parse(after).images];
  return [...b].filter(([name, id]) => a.get(name) !== id).map(([name]) => name);
}

/** What of a digest all Workspaces of a class share; names the content of a class's roll-out. */
export function classContent(digest: string): string {
  return `class:${digest.split(':').slice(2).join(':')}`;
}

/** Stands for a machine that differs from what is desired, and did so under a version that can't be compared any more. */
export function outdatedMachine(desired: string): string {
  return `${parse(desired).version}:outdated:outdated`;
}

/** Which of the two objects a differing machine digest comes from. */
export function machineChangedBy(before: string, after: string): 'SpecChanged' | 'ClassChanged' {
  return before.split(':')[1] === after.split(':')[1] ? 'ClassChanged' : 'SpecChanged';
}
