import { describe, inject } from 'vitest';
import type { OlderRelease } from '../image/older.ts';
import type { OperatorImage } from '../image/operator.ts';

/** A cluster of two nodes that run containers, as tests find it. */
export interface Bed {
  image: OperatorImage;
  /** With `--since`. */
  older?: OlderRelease;
  /** Of an administrator, as YAML, and what it consists of. */
  kubeconfig: string;
  url: string;
  caPEM: string;
  token: string;
  kubectl: string;
  /** By major version. */
  helm: Readonly<Record<3 | 4, string>>;
  apiServerPid: number;
  /** Of what ServiceAccounts asked for. */
  auditLog: string;
  /** What the programs of the bed write. */
  logs: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Or why there is none. */
    bed: Bed | string;
  }
}

/** Tests that need a node: where there is none they are skipped, and their name says why. */
export function describeOnNode(what: string, tests: () => void): void {
  const bed = inject('bed');
  const isMissing = typeof bed === 'string';
  describe.skipIf(isMissing)(isMissing ? `${what} (skipped: ${bed})` : what, tests);
}

export function theBed(): Bed {
  const bed = inject('bed');
  if (typeof bed === 'string') throw new Error(`there is no node: ${bed}`);
  return bed;
}
