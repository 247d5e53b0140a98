import { type Made, madeOf } from '../../../../api/edits/meets.ts';
import type { FrozenLaunch } from './view.ts';

/** The known parameters of a launch's instance: from its own request, or else from EC2's view of it. */
export function madeAs({ number, params, found }: FrozenLaunch): Made {
  if (params) return madeOf(params);
  return found?.launch === number ? found : {};
}

/** How EC2 bills it, as far as that is known. */
export function capacityOf({ number, params, found }: FrozenLaunch): 'OnDemand' | 'Spot' | undefined {
  return params?.capacityType ?? (found?.launch === number ? found.capacityType : undefined);
}
