import type { RefusalScope } from '../../../../api/launch/refusalScope.ts';
import type { Refusal } from '../../../../api/reasons/refusals.ts';
import type { MonoMs } from '../../../../controller/lib/time.ts';

/** Launches that EC2 refused lately, and would still refuse as far as is known. */
export interface RefusedFact {
  scope: RefusalScope;
  class: Refusal;
  /** AWS's error code. */
  code: string;
  until: MonoMs;
  /** Until then a Workspace that would give up an instance for it leaves it to others. */
  heldUntil: MonoMs;
}

export interface Offering {
  instanceType: string;
  architecture: string;
  subnetID: string;
  zone: string;
  capacityType: 'OnDemand' | 'Spot';
  imageID?: string | undefined;
}
