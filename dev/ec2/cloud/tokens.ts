import { createHash } from 'node:crypto';
import { CloudError } from '../base/errors.ts';
import type { RunInput } from '../base/model.ts';

/**
 * Client tokens of RunInstances, by "Ensuring idempotency in Amazon EC2 API requests": the same token with the same
 * parameters gives the same instance, terminated or not; with others IdempotentParameterMismatch. With a subnet or a
 * zone in the request the token counts within that zone, otherwise within the region. Only an accepted request binds.
 */
export interface Tokens {
  /**
   * @returns the id of the instance that this request already made.
   * @throws CloudError IdempotentParameterMismatch
   */
  find(input: RunInput, zone: string | undefined): string | undefined;
  bind(input: RunInput, zone: string | undefined, instanceID: string): void;
  /** Frees the token of an instance whose retention is over. */
  release(instanceID: string): void;
  entries(): readonly BoundToken[];
  restore(entries: readonly BoundToken[]): void;
}

export interface BoundToken {
  key: string;
  digest: string;
  instanceID: string;
}

export function createTokens(): Tokens {
  const bound = new Map<string, BoundToken>();
  return {
    find(input, zone) {
      const entry = bound.get(keyOf(input, zone));
      if (entry === undefined) return undefined;
      if (entry.digest !== digestOf(input))
        throw new CloudError(
          'IdempotentParameterMismatch',
          'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
        );
      return entry.instanceID;
    },
    bind(input, zone, instanceID) {
      if (input.clientToken === undefined) return;
      const key = keyOf(input, zone);
      bound.set(key, { key, digest: digestOf(input), instanceID });
    },
    release(instanceID) {
      for (const [key, entry] of bound) if (entry.instanceID === instanceID) bound.delete(key);
    },
    entries: () => [...bound.values()],
    restore(entries) {
      for (const entry of entries) bound.set(entry.key, entry);
    },
  };
}

// A space can't be part of a zone's name, so that zonal and regional keys never meet.
function keyOf(input: RunInput, zone: string | undefined): string {
  return `${input.subnetID === undefined && input.zone === undefined ? 'region' : zone} ${input.clientToken ?? ''}`;
}

function digestOf(input: RunInput): string {
  const { clientToken: _token, dryRun: _dryRun, other, ...compared } = input;
  const sorted = Object.entries(other).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify({ ...compared, other: sorted }, (_key, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(text).digest('hex');
}
