import { CODE, ec2Failure } from '../calls/errors.ts';
import {
  type Ec2Calls,
  type Filter,
  type ImpairedCheck,
  type Instance,
  type InstanceStatus,
  type Page,
  TAG,
} from '../calls/port.ts';

type Reads = Pick<Ec2Calls, 'describeInstances'>;

/** Most values that a filter takes (API reference, Filter). */
export const LOOKUP_BATCH = 200;

/**
 * All instances that carry this cluster's tag, terminated ones included: 1,000 a call. Nothing when a page fails.
 * @param held what to keep of each as its page comes in; see Inventory
 */
export function sweepInstances(
  calls: Reads,
  clusterID: string,
  held: (instance: Instance) => Instance,
): Promise<Instance[]> {
  return readInstances(calls, [{ name: `tag:${TAG.cluster}`, values: [clusterID] }], held);
}

/**
 * At most LOOKUP_BATCH instances by id; those that EC2 doesn't know are absent.
 * Ids go in a filter, not in InstanceIds: there one unknown id fails the call for all the others, and a call with
 * neither filter nor page size draws on the smaller bucket. Unlike the sweep's, this filter doesn't depend on tags.
 */
export async function lookUpInstances(calls: Reads, ids: readonly string[]): Promise<Instance[]> {
  const values = ids.filter((id) => INSTANCE_ID.test(id));
  return values.length === 0 ? [] : readInstances(calls, [{ name: 'instance-id', values }]);
}

/**
 * An id that a status names may be anything. In a filter * and ? stand for any characters, so that `i-*` would have every
 * instance of the account read with each look-up.
 */
const INSTANCE_ID = /^i-[A-Za-z0-9-]{1,60}$/;

/**
 * All running instances in the account whose status checks fail, and which check it is; `system` when both do.
 * EC2 joins filters by "and", so each check has its own request; nearly always both answers are empty.
 */
export async function readImpaired(
  calls: Pick<Ec2Calls, 'describeInstanceStatus'>,
): Promise<ReadonlyMap<string, ImpairedCheck>> {
  const found = new Map<string, ImpairedCheck>();
  for (const kind of ['instance', 'system'] as const) {
    const filters = [{ name: `${kind}-status.status`, values: ['impaired'] }];
    const statuses = await readPages<InstanceStatus>('DescribeInstanceStatus', (token) =>
      calls.describeInstanceStatus({ filters, ...(token !== undefined && { nextToken: token }) }),
    );
    // Some that stand in for EC2 know no such filter, and answer with everything.
    for (const status of statuses) if (status[kind] === 'impaired') found.set(status.id, kind);
  }
  return found;
}

function readInstances(
  calls: Reads,
  filters: readonly Filter[],
  held = (instance: Instance) => instance,
): Promise<Instance[]> {
  return readPages<Instance>('DescribeInstances', async (token) => {
    const page = await calls.describeInstances(
      token === undefined ? { filters } : { filters, nextToken: token },
    );
    return { ...page, items: page.items.map(held) };
  });
}

async function readPages<T>(
  action: string,
  read: (token: string | undefined) => Promise<Page<T>>,
): Promise<T[]> {
  const all: T[] = [];
  let token: string | undefined;
  do {
    const page = await read(token);
    all.push(...page.items);
    if (page.nextToken !== undefined && page.nextToken === token) throw samePageAgain(action);
    token = page.nextToken;
  } while (token !== undefined);
  return all;
}

function samePageAgain(action: string) {
  return ec2Failure({
    class: 'ambiguous',
    code: CODE.badAnswer,
    action,
    detail: 'the next page was said to be the one just read',
  });
}
