/**
 * The families that share a vCPU quota, by the letters that an instance type's name begins with. "On-Demand Instance
 * quotas" and "Spot Instance quotas" (EC2 User Guide): each bucket has one quota for On-Demand and another for Spot.
 */
const BUCKETS = {
  Standard: ['a', 'c', 'd', 'h', 'i', 'im', 'is', 'm', 'r', 't', 'z'],
  'G and VT': ['g', 'gr', 'vt'],
  'High memory': ['u', 'u-'],
  DL: ['dl'],
  F: ['f'],
  HPC: ['hpc'],
  Inf: ['inf'],
  P: ['p'],
  Trn: ['trn'],
  X: ['x'],
} as const;

const BY_FAMILY: ReadonlyMap<string, string> = new Map(
  Object.entries(BUCKETS).flatMap(([bucket, families]) => families.map((family) => [family, bucket])),
);

/** The quota that a type counts for; a family that is not in AWS's list is taken for a bucket of its own. */
export function bucketOf(instanceType: string): string {
  const family = /^[a-z]+-?/.exec(instanceType)?.[0] ?? instanceType;
  return BY_FAMILY.get(family) ?? family;
}

const SIZE =
  /^(?<family>[a-z][a-z0-9-]*)\.(?:(?<small>nano|micro|small|medium|large)|(?:metal-)?(?<times>\d*)xl(?:arge)?)$/;

/**
 * A type's vCPUs by AWS's naming convention: `large` has 2, `xlarge` 4 and each size a multiple of that; smaller ones have
 * 1, of the T family 2. Undefined where the name does not say, as of most `metal`.
 */
export function vcpusOf(instanceType: string): number | undefined {
  const { family = '', small, times } = SIZE.exec(instanceType)?.groups ?? {};
  if (times !== undefined) return 4 * (times === '' ? 1 : Number(times));
  if (small === undefined) return undefined;
  return small === 'large' || family.startsWith('t') ? 2 : 1;
}
