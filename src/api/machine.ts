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

/**
 * Digest of what only a new instance can take up: `m1:<Workspace part>:<class part>`.
 * Left out on purpose: preferences among types and capacity (a running instance stays valid) and images, which follow imageUpdatePolicy.
 */
export function machineDigest(spec: WorkspaceSpec, klass: WorkspaceClassSpec): string {
  const { subnets, securityGroups, instanceProfile, rootVolume, tags, userData } = klass;
  const own = part({ instanceType: spec.instanceType });
  return `${VERSION}:${own}:${part({ subnets, securityGroups, instanceProfile, rootVolume, tags, userData })}`;
}

/** What of a digest all Workspaces of a class share; names the content of a class's roll-out. */
export function classContent(digest: string): string {
  return `class:${digest.split(':').slice(2).join(':')}`;
}

/** Which of the two objects a differing machine digest comes from. */
export function machineChangedBy(before: string, after: string): 'SpecChanged' | 'ClassChanged' {
  return before.split(':')[1] === after.split(':')[1] ? 'ClassChanged' : 'SpecChanged';
}
