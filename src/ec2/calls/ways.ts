import type { InstanceState } from './port.ts';

/** States that follow from one another without another cause. */
export type Way = 'up' | 'halt' | 'end';

export const WAY: Readonly<Record<InstanceState, Way>> = {
  pending: 'up',
  running: 'up',
  stopping: 'halt',
  stopped: 'halt',
  'shutting-down': 'end',
  terminated: 'end',
};

export function isSameWay(a: InstanceState, b: InstanceState): boolean {
  return WAY[a] === WAY[b];
}
