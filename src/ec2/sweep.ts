import { CODE, ec2Failure } from './errors.ts';
import { type Ec2Calls, type Filter, type Instance, type Page, TAG } from './port.ts';

type Reads = Pick<Ec2Calls, 'describeInstances'>;

/** Most values that a filter takes (API reference, Filter). */
export const LOOKUP_BATCH = 200;

/** All instances that carry this cluster's tag, terminated ones included: 1,000 a call. Nothing when a page fails. */
export function sweepInstances(calls: Reads, clusterID: string): Promise<Instance[]> {
  return readPages(calls, [{ name: `tag:${TAG.cluster}`, values: [clusterID] }]);
}

/**
 * At most LOOKUP_BATCH instances by id; those that EC2 doesn't know are absent.
 * Ids go in a filter, not in InstanceIds: there one unknown id fails the call for all the others, and a call with
 * neither filter nor page size draws on the smaller bucket. Unlike the sweep's, this filter doesn't depend on tags.
 */
export function lookUpInstances(calls: Reads, ids: readonly string[]): Promise<Instance[]> {
  return readPages(calls, [{ name: 'instance-id', values: ids }]);
}

async function readPages(calls: Reads, filters: readonly Filter[]): Promise<Instance[]> {
  const all: Instance[] = [];
  let token: string | undefined;
  do {
    const query = token === undefined ? { filters } : { filters, nextToken: token };
    const page: Page<Instance> = await calls.describeInstances(query);
    all.push(...page.items);
    if (page.nextToken !== undefined && page.nextToken === token) throw samePageAgain();
    token = page.nextToken;
  } while (token !== undefined);
  return all;
}

function samePageAgain() {
  return ec2Failure({
    class: 'ambiguous',
    code: CODE.badAnswer,
    action: 'DescribeInstances',
    detail: 'the next page was said to be the one just read',
  });
}
