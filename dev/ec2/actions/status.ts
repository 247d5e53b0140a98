import { type Fields, matcher } from '../filters.ts';
import type { Cloud } from '../state.ts';
import { describeInstances, type InstanceView } from './describe.ts';
import type { Query } from './resources.ts';

/** EC2's status checks: initializing for a while after a start, then ok, unless a fault says impaired. */
export type Check = 'ok' | 'initializing' | 'impaired' | 'not-applicable';

export interface StatusView extends InstanceView {
  check: Check;
}

const FIELDS: Fields<StatusView> = {
  'availability-zone': ({ instance }) => [instance.zone],
  'instance-state-name': ({ state }) => [state],
  'instance-status.status': ({ check }) => [check],
  'system-status.status': ({ check }) => [check],
};

/** DescribeInstanceStatus: running instances only, unless all are asked for. It knows no tag filter. */
export function describeInstanceStatus(cloud: Cloud, input: Query & { includeAll: boolean }): StatusView[] {
  const { items } = describeInstances(cloud, { ids: input.ids, filters: [] });
  const views = items
    .filter(({ state }) => input.includeAll || state === 'running')
    .map((view) => ({ ...view, check: checkOf(cloud, view) }));
  return views.filter(matcher(input.filters, FIELDS, () => []));
}

function checkOf(cloud: Cloud, { instance, state }: InstanceView): Check {
  if (state !== 'running') return 'not-applicable';
  if (instance.impaired) return 'impaired';
  const since = instance.phases.findLast((phase) => phase.state === 'running')?.at ?? 0;
  return cloud.clock.monotonic() - since < cloud.timings.statusChecks ? 'initializing' : 'ok';
}
