import type { Ec2Calls, Filter, Subnet } from '../calls/port.ts';
import { missing, type Refusal, refusalOf } from './refusal.ts';
import { type ResolvableSpec, type ResourceTerm, termFilters, termName } from './terms.ts';

type Reads = Pick<Ec2Calls, 'describeSubnets' | 'describeSecurityGroups'>;

/** EC2's default limit of security groups a network interface is 5, raised at most to 16 (Amazon VPC quotas). */
const MOST_SECURITY_GROUPS = 16;

/** Something in a VPC and the term that selected it. */
interface Selected<T> {
  item: T;
  term: string;
}

export interface Network {
  ok: true;
  /** By id, each once. */
  subnets: readonly Subnet[];
  /** Sorted, each once. */
  securityGroupIDs: readonly string[];
  /** The groups that each term selects, in the order of the terms. */
  groupsByTerm: readonly (readonly string[])[];
}

/** The subnets and security groups of a class: each term matches at least one, and all are in one VPC. */
export async function resolveNetwork(
  calls: Reads,
  spec: Pick<ResolvableSpec, 'subnets' | 'securityGroups'>,
): Promise<Network | Refusal> {
  const [subnets, groups] = await Promise.all([
    select(spec.subnets, 'subnets', (query) => calls.describeSubnets(query)),
    select(spec.securityGroups, 'securityGroups', (query) => calls.describeSecurityGroups(query)),
  ]);
  if (!subnets.ok) return subnets;
  if (!groups.ok) return groups;
  const stray = outsideVPC([...subnets.selected, ...groups.selected]);
  if (stray) return stray;
  if (groups.selected.length > MOST_SECURITY_GROUPS) {
    return missing(
      `spec.securityGroups match ${groups.selected.length} security groups; an instance can have ${MOST_SECURITY_GROUPS}. Narrow the terms.`,
    );
  }
  return {
    ok: true,
    subnets: Object.freeze(subnets.selected.map(({ item }) => Object.freeze({ ...item }))),
    securityGroupIDs: Object.freeze(groups.selected.map(({ item }) => item.id)),
    groupsByTerm: Object.freeze(groups.byTerm),
  };
}

const LISTS = {
  subnets: { filter: 'subnet-id', thing: 'subnet' },
  securityGroups: { filter: 'group-id', thing: 'security group' },
} as const;

/** The matches of each term, in the order of ids, each once. */
async function select<T extends { id: string }>(
  terms: readonly ResourceTerm[],
  list: keyof typeof LISTS,
  ask: (query: { filters: readonly Filter[] }) => Promise<readonly T[]>,
): Promise<{ ok: true; selected: Selected<T>[]; byTerm: string[][] } | Refusal> {
  const answers = await Promise.all(
    terms.map((term, index) => selectTerm(term, termName(list, index, term), list, ask)),
  );
  const byID = new Map<string, Selected<T>>();
  const byTerm: string[][] = [];
  for (const answer of answers) {
    if (!answer.ok) return answer;
    byTerm.push(answer.selected.map(({ item }) => item.id).sort());
    for (const one of answer.selected) if (!byID.has(one.item.id)) byID.set(one.item.id, one);
  }
  const selected = [...byID.values()].sort((a, b) => (a.item.id < b.item.id ? -1 : 1));
  return { ok: true, selected, byTerm };
}

async function selectTerm<T>(
  term: ResourceTerm,
  name: string,
  list: keyof typeof LISTS,
  ask: (query: { filters: readonly Filter[] }) => Promise<readonly T[]>,
): Promise<{ ok: true; selected: Selected<T>[] } | Refusal> {
  const { filter, thing } = LISTS[list];
  const filters = termFilters(term, filter);
  if (!filters) return missing(`${name} names neither an id nor a tag. Give it one of them.`);
  const none = `${name} matches no ${thing} in this region. Correct the term, or create or tag the ${thing}.`;
  try {
    const items = await ask({ filters });
    if (items.length === 0) return missing(none);
    return { ok: true, selected: items.map((item) => ({ item, term: name })) };
  } catch (error) {
    return refusalOf(error, name, none);
  }
}

function outsideVPC(all: readonly Selected<{ id: string; vpcID: string }>[]): Refusal | undefined {
  const [first] = all;
  const stray = first && all.find(({ item }) => item.vpcID !== first.item.vpcID);
  if (!stray) return undefined;
  return missing(
    `${stray.term}: ${stray.item.id} is in ${stray.item.vpcID}, but ${first.item.id} of ${first.term} is in ${first.item.vpcID}. ` +
      'All subnets and security groups of a class must be in one VPC: correct one of the terms.',
  );
}
