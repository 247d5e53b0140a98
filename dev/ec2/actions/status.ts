import type { ImpairedCheck } from '../../../src/ec2/calls/port.ts';
import { type Fields, matcher } from '../base/filters.ts';
import type { Cloud } from '../cloud/state.ts';
import { describeInstances, type InstanceView } from './describe.ts';
import type { Query } from './resources.ts';

export interface StatusInput extends Query {
  /** Also those that don't run. */
  includeAll: boolean;
}

/** EC2's status checks: initializing for a while after a start, then ok, unless a fault says impaired. */
type Check = 'ok' | 'initializing' | 'impaired' | 'not-applicable';

export interface StatusView extends InstanceView {
  checks: Readonly<Record<ImpairedCheck, Check>>;
}

const FIELDS: Fields<StatusView> = {
  'availability-zone': ({ instance }) => [instance.zone],
  'instance-state-name': ({ state }) => [state],
  'instance-status.status': ({ checks }) => [checks.instance],
  'system-status.status': ({ checks }) => [checks.system],
};

/** DescribeInstanceStatus: running instances only, unless all are asked for. It knows no tag filter. */
export function describeInstanceStatus(cloud: Cloud, input: StatusInput): StatusView[] {
  const { items } = describeInstances(cloud, { ids: input.ids, filters: [] });
  const views = items
    .filter(({ state }) => input.includeAll || state === 'running')
    .map((view) => ({
      ...view,
      checks: { instance: checkOf(cloud, view, 'instance'), system: checkOf(cloud, view, 'system') },
    }));
  return views.filter(matcher(input.filters, FIELDS, undefined));
}

function checkOf(cloud: Cloud, { instance, state }: InstanceView, kind: ImpairedCheck): Check {
  if (state !== 'running') return 'not-applicable';
  if (instance.impaired === kind) return 'impaired';
  const since = instance.phases.findLast((phase) => phase.state === 'running')?.at ?? 0;
  return cloud.clock.monotonic() - since < cloud.timings.statusChecks ? 'initializing' : 'ok';
}
