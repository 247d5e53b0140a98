/** Tag keys on every instance of ours; with them an instance names its launch. */
export const TAG = {
  cluster: 'compute.molecule.ai/cluster',
  uid: 'compute.molecule.ai/uid',
  namespace: 'compute.molecule.ai/namespace',
  name: 'compute.molecule.ai/name',
  number: 'compute.molecule.ai/number',
  generation: 'compute.molecule.ai/generation',
} as const;
