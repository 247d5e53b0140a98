import type { Instance, ObservedInstance } from '../calls/port.ts';

type Timeless = Omit<ObservedInstance, 'notFound'>;

const same = (a: unknown, b: unknown) => a === b;

/**
 * How each fact of an instance compares. A field that is missing here does not compile, because its change would wake no reader.
 * The times of readings go on while nothing changes; publish() compares whether there is a NotFound.
 */
const SAME: { readonly [K in keyof Required<Timeless>]: (a: Timeless[K], b: Timeless[K]) => boolean } = {
  id: same,
  state: same,
  missing: same,
  impaired: (a, b) => a?.kind === b?.kind && a?.since === b?.since,
  type: same,
  zone: same,
  imageID: same,
  capacityType: same,
  subnetID: same,
  securityGroupIDs: sameMembers,
  instanceProfile: same,
  privateIP: same,
  clientToken: same,
  launchTime: same,
  stateReasonCode: same,
  stateReason: same,
  tags: sameTags,
};
const COMPARED = Object.keys(SAME) as (keyof typeof SAME)[];
/** Those of a reading alone. */
const READ = COMPARED.filter((field) => field !== 'missing' && field !== 'impaired');

/** Whether a reader would decide alike: the times of readings alone are no change. */
export function sameToReaders(a: ObservedInstance | undefined, b: ObservedInstance | undefined): boolean {
  if (!a || !b) return a === b;
  return COMPARED.every((field) => isSame(field, a, b));
}

/** Whether two readings show the same. */
export function sameReading(a: Instance, b: Instance): boolean {
  return READ.every((field) => isSame(field, a, b));
}

function isSame<K extends keyof typeof SAME>(field: K, a: Pick<Timeless, K>, b: Pick<Timeless, K>): boolean {
  return SAME[field](a[field], b[field]);
}

/** EC2 lists groups in no order that it promises. */
function sameMembers(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (!a || !b) return a === b;
  return a.length === b.length && a.every((it) => b.includes(it));
}

function sameTags(a: Instance['tags'], b: Instance['tags']): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
