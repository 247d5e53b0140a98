import { type AskedFor, scopeOf } from '../../../src/api/launch/refusalScope.ts';
import type { Refusal } from '../../../src/api/reasons/refusals.ts';
import { NOW } from './facts.ts';

/** EC2 refused m7i.large in zone a, or what is given; the next request is allowed that many ms from NOW. */
export function refusedOf(
  code: string,
  ms: number,
  asked: Partial<AskedFor> = {},
  kind: Refusal = 'capacity',
) {
  const offering = {
    instanceType: 'm7i.large',
    zone: 'a',
    subnetID: 'subnet-1',
    capacityType: 'OnDemand',
  } as const;
  const scope = scopeOf(code, kind, { ...offering, ...asked });
  if (!scope) throw new Error(`${code} speaks of one request alone`);
  return { scope, class: kind, code, until: NOW.mono + ms, heldUntil: NOW.mono + 2 * ms };
}
