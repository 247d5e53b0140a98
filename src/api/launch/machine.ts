import { createHash } from 'node:crypto';
import { own } from '../base/own.ts';
import type { WorkspaceSpec } from '../kinds/workspace.ts';
import type { WorkspaceClassSpec } from '../kinds/workspaceClass.ts';

/**
 * The functions that digests on record were made with, by the version that a digest names; the last one makes new ones.
 * A digest is compared under its own function, so that another function in a later release is no change, and an edit
 * that comes with that release is one. Never alter one: each names the fields that it covers.
 */
const FUNCTIONS = { m1 } as const;
type Version = keyof typeof FUNCTIONS;
const PRESENT: Version = 'm1';

function part(value: unknown): string {
  return createHash('sha256').update(stableJSON(value)).digest('hex').slice(0, 20);
}

/** Each pass asks for the digests of the same specs again. What is frozen, as objects of a cache are, keeps its part. */
function kept<T extends object>(parts: WeakMap<T, string>, of: T, make: () => string): string {
  if (!Object.isFrozen(of)) return make();
  const known = parts.get(of);
  if (known !== undefined) return known;
  const made = make();
  parts.set(of, made);
  return made;
}

const m1OfWorkspaces = new WeakMap<WorkspaceSpec, string>();
const m1OfClasses = new WeakMap<WorkspaceClassSpec, string>();

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

interface Inputs {
  spec: WorkspaceSpec;
  klass: WorkspaceClassSpec;
  images: readonly ClassImage[];
}

/**
 * `m1:<Workspace part>:<class part>`, and with imageUpdatePolicy Automatic the images, as they are:
 * `…:x86_64=ami-1,arm64=ami-2`. It shows that something was edited, and not whether that matters: see meets.ts.
 */
function m1({ spec, klass, images }: Inputs): string {
  const ofWorkspace = kept(m1OfWorkspaces, spec, () => part({ instanceType: spec.instanceType }));
  const ofClass = kept(m1OfClasses, klass, () => m1OfClass(klass));
  const shown = klass.imageUpdatePolicy === 'Automatic' ? images : [];
  const named = shown.map(({ architecture, id }) => `${architecture}=${id}`).sort();
  return ['m1', ofWorkspace, ofClass, ...(named.length > 0 ? [named.join(',')] : [])].join(':');
}

function m1OfClass(klass: WorkspaceClassSpec): string {
  const { instanceProfile, userData } = klass;
  const { sizeGiB, type, iops, throughput, kmsKeyID } = klass.rootVolume;
  const terms = (list: WorkspaceClassSpec['subnets']) => list.map(({ id, tags }) => ({ id, tags }));
  return part({
    subnets: terms(klass.subnets),
    securityGroups: terms(klass.securityGroups),
    instanceProfile,
    rootVolume: { sizeGiB, type, iops, throughput, kmsKeyID },
    tags: klass.tags,
    userData,
  });
}

/** Digest of the specs that a machine comes from, and of the images where a newer one is a change. */
export function machineDigest(
  spec: WorkspaceSpec,
  klass: WorkspaceClassSpec,
  images: readonly ClassImage[] = [],
): string {
  return FUNCTIONS[PRESENT]({ spec, klass, images });
}

/** The same under the function that `recorded` names; undefined when only another release has it. */
export function machineDigestLike(
  recorded: string,
  spec: WorkspaceSpec,
  klass: WorkspaceClassSpec,
  images: readonly ClassImage[] = [],
): string | undefined {
  return own(FUNCTIONS, parse(recorded).version)?.({ spec, klass, images });
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
  const wanted = imagesOf(desired);
  return imageID === undefined || wanted.length === 0 || wanted.includes(imageID);
}

/** The first digest with the images of the second; unchanged if they are of different versions. */
export function withImagesOf(machine: string, other: string): string {
  if (!comparableMachines(machine, other)) return machine;
  const images = other.split(':').slice(3);
  return [...machine.split(':').slice(0, 3), ...images].join(':');
}

/** Architectures whose image differs from one digest to the next. */
export function changedImages(before: string, after: string): string[] {
  const [a, b] = [parse(before).images, parse(after).images];
  return [...b].filter(([name, id]) => a.get(name) !== id).map(([name]) => name);
}

/** The images that a digest asks for; none where any will do. */
function imagesOf(digest: string): string[] {
  return [...parse(digest).images.values()];
}

/** The part of a digest that comes from the class, without its images. */
export function classPart(digest: string): string {
  return parse(digest).ofClass;
}

/** The part of a digest that all Workspaces of a class share; names the content of a class's roll-out. */
export function classContent(digest: string): string {
  return `class:${digest.split(':').slice(2).join(':')}`;
}

/** Whether this names a class's content, and not an environment. */
export function isClassContent(name: string): boolean {
  return name.startsWith('class:');
}

/** Stands for a machine that differs from what is desired, and did so under a version that can't be compared any more. */
export function outdatedMachine(desired: string): string {
  return `${parse(desired).version}:outdated:outdated`;
}

/** Which of the two objects a differing machine digest comes from. */
export function machineChangedBy(before: string, after: string): 'SpecChanged' | 'ClassChanged' {
  return before.split(':')[1] === after.split(':')[1] ? 'ClassChanged' : 'SpecChanged';
}
