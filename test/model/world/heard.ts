import type { AskedFor } from '../../../src/api/launch/refusalScope.ts';
import type { Refusal } from '../../../src/api/reasons/refusals.ts';

export type Quota = 'Spot' | 'Spot, large types' | 'On-Demand' | 'the account';

/** What EC2 said to a launch, or what a status says of that. */
export interface Heard {
  kind: 'refused' | 'accepted' | 'recorded';
  asked: AskedFor;
  class: Refusal;
  code: string;
  at: number;
  until: number;
  /** When a record was read. */
  heardAt?: number;
}
