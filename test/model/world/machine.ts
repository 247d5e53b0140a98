import type { Version } from './world.ts';

/** The class's types; the first is what it prefers. */
export const TYPES = ['m7i.large', 'm6i.large', 'c7i.large', 'c6i.large'] as const;

export function typeOf(type: number): string {
  return TYPES[type % TYPES.length] ?? TYPES[0];
}

export function classNameOf(klass: number): string {
  return klass % 2 === 0 ? 'standard' : 'other';
}

/** The digest of what only a new instance can take up: the Workspace's own part, and the class's. */
export function machineDigest({ type }: Pick<Version, 'type'>, className: string, machine: number): string {
  return `m1:a${type % TYPES.length}:${className}${machine}`;
}

/** Each class has images of its own. */
export function imageOf(className: string, machine: number): string {
  return `ami-${className}${machine}`;
}
