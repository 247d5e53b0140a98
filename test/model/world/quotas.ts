import type { AskedFor } from '../../../src/api/launch/refusalScope.ts';
import type { Refusal } from '../../../src/api/reasons/refusals.ts';
import { createOfferingMemory } from '../../../src/ec2/launch/offerings.ts';
import { monoMs, wallMs } from '../../support/base/moments.ts';
import type { Heard, Quota } from './heard.ts';
import { NOW, SECOND } from './timing.ts';
import type { World } from './world.ts';

interface Limit {
  class: Refusal;
  code: string;
  /** What EC2 refuses while it is full. */
  refuses(asked: AskedFor): boolean;
}

/** A class of two capacity types, and types of two sizes and two buckets of families. */
export const CAPACITY_TYPES = ['Spot', 'OnDemand'] as const;
export const SIZES = ['m7i.2xlarge', 'm7i.large', 'g6.xlarge'] as const;

const isStandard = ({ instanceType }: AskedFor) => instanceType.startsWith('m');

/** AWS counts the vCPUs of a capacity type's bucket of families, so that a smaller type may still fit. */
const LIMITS: Readonly<Record<Quota, Limit>> = {
  Spot: {
    class: 'quota',
    code: 'MaxSpotInstanceCountExceeded',
    refuses: ({ capacityType }) => capacityType === 'Spot',
  },
  'Spot, large types': {
    class: 'quota',
    code: 'MaxSpotInstanceCountExceeded',
    refuses: ({ capacityType, instanceType }) => capacityType === 'Spot' && instanceType === SIZES[0],
  },
  'On-Demand': {
    class: 'quota',
    code: 'VcpuLimitExceeded',
    refuses: ({ capacityType }) => capacityType === 'OnDemand',
  },
  'the account': { class: 'userFix', code: 'Blocked', refuses: () => true },
};

export const OFFERED: readonly AskedFor[] = CAPACITY_TYPES.flatMap((capacityType) =>
  SIZES.map((instanceType) => ({ instanceType, capacityType, zone: 'a', subnetID: 'subnet-1', imageID: '' })),
);

/** What EC2 says to such a request while these quotas are full. */
export function refusalOf(full: readonly Quota[], asked: AskedFor): Limit | undefined {
  const quota = full.find((name) => LIMITS[name].refuses(asked));
  return quota && LIMITS[quota];
}

/** The refusals by which others find out that a quota is full. */
export function refusalsOf(quota: Quota): Heard[] {
  const { class: kind, code, refuses } = LIMITS[quota];
  const seen = new Set<string>();
  return OFFERED.filter(refuses).flatMap((asked): Heard[] => {
    // One refused try of the smallest, a bucket.
    if (asked.instanceType === SIZES[0] && quota !== 'Spot, large types') return [];
    const bucket = quota === 'the account' ? '' : `${asked.capacityType} ${isStandard(asked)}`;
    if (seen.has(bucket)) return [];
    seen.add(bucket);
    return [{ kind: 'refused', asked, class: kind, code, at: NOW, until: NOW + SECOND }];
  });
}

/** Whether the refusal says that EC2 would refuse this as well: the same quota, and no smaller a type. */
export function speaksOf({ asked, code }: Heard, other: AskedFor): boolean {
  if (code === LIMITS['the account'].code) return true;
  const size = (it: AskedFor) => [...SIZES].reverse().indexOf(it.instanceType as (typeof SIZES)[number]);
  const sameBucket = asked.capacityType === other.capacityType && isStandard(asked) === isStandard(other);
  return sameBucket && size(other) >= size(asked);
}

const MEMORY = { capacityMs: SECOND, quotaMs: SECOND, maxMs: SECOND };

/** What the process remembers, by the operator's own memory, which gets all of it again. */
export function marksOf(
  heard: readonly Heard[],
): ReturnType<ReturnType<typeof createOfferingMemory>['snapshot']> {
  let at = 0;
  const clock = { now: () => wallMs(at), monotonic: () => monoMs(at) };
  const memory = createOfferingMemory({ clock, ...MEMORY });
  for (const { kind, asked, class: of, code, ...it } of heard) {
    at = it.heardAt ?? it.at;
    const record = { ...asked, class: of, code, at: wallMs(it.at), until: wallMs(it.until) };
    // What was known then is known before the request is sent.
    if (kind === 'refused') memory.refused(asked, { class: of, code }, monoMs(at + 1));
    else if (kind === 'accepted') memory.accepted(asked, monoMs(at + 1));
    else memory.recorded(record);
  }
  at = NOW;
  return memory.snapshot('u');
}

/** What its own status says of refusals. */
export function readOwn({ object }: Pick<World, 'object'>): Heard[] {
  const refusals = object.status?.refusals ?? [];
  return refusals.map(({ class: of, code, at, until, ...asked }) => {
    const times = { at: Date.parse(at), until: Date.parse(until), heardAt: NOW };
    return { kind: 'recorded', asked, class: of, code, ...times };
  });
}

/** What a process that begins reads from all statuses. */
export function readBy(world: Pick<World, 'object' | 'others' | 'terms'>): Heard[] {
  if (world.terms.forgetsRefusals) return [];
  const ofOthers = world.others.refusals.map((it): Heard => ({ ...it, kind: 'recorded', heardAt: NOW }));
  return [...readOwn(world), ...ofOthers];
}

/** What is refused, for all that the process can know: it heard so itself, or a status says so, and nothing went through since. */
export function knownRefusals(world: World): Heard[] {
  const { heard } = world.process;
  const own = heard.filter(
    (it, index) =>
      it.kind !== 'accepted' &&
      !heard.slice(index + 1).some((later) => later.kind === 'accepted' && speaksOf(it, later.asked)),
  );
  const read = [...readOwn(world), ...world.others.refusals].filter(
    (it) => !heard.some(({ kind, asked, at }) => kind === 'accepted' && at > it.at && speaksOf(it, asked)),
  );
  return [...own, ...read];
}
