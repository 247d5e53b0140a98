import { type Made, madeOf } from '../../../../api/edits/meets.ts';
import type { FrozenLaunch } from './view.ts';

/** What of a launch's instance is known: by its own request, or else by what EC2 showed of it. */
export function madeAs({ number, params, found }: FrozenLaunch): Made {
  if (params) return madeOf(params);
  return found?.launch === number ? found : {};
}

/** How EC2 bills it, as far as that is known. */
export function capacityOf({ number, params, found }: FrozenLaunch): 'OnDemand' | 'Spot' | undefined {
  return params?.capacityType ?? (found?.launch === number ? found.capacityType : undefined);
}
