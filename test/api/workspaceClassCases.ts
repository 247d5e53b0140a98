import type { JsonValue } from '../../dev/apiserver/values/kinds.ts';

type Change = Record<string, JsonValue | undefined>;
const arm = { architecture: 'arm64', ssmParameter: '/images/arm:prod' };
const x86 = { architecture: 'x86_64', id: 'ami-0123456789abcdef0' };
const tagged = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, 'v']));

/** Changes of the least spec that any API server must take. */
export const acceptedClasses: [string, Change][] = [
  ['with the least', {}],
  ['with an image for each architecture', { images: [x86, arm] }],
  [
    'with types of both',
    {
      images: [x86, arm],
      instanceTypes: [{ name: 'm7g.large', architecture: 'arm64' }, { name: 'm7i.large' }],
    },
  ],
  ['with Spot that terminates', { capacityTypes: ['Spot', 'OnDemand'], stopBehavior: 'Terminate' }],
  ['with OnDemand that terminates', { stopBehavior: 'Terminate' }],
  ['with subnets by tag', { subnets: [{ tags: { tier: 'private', zone: '*' } }, { id: 'subnet-0a' }] }],
  ['for all namespaces', { allowedNamespaces: { from: 'All' } }],
  [
    'for labelled namespaces',
    { allowedNamespaces: { from: 'Selector', selector: { matchLabels: { team: 'a' } } } },
  ],
  [
    'for namespaces by expression',
    {
      allowedNamespaces: {
        from: 'Selector',
        selector: {
          matchExpressions: [
            { key: 'team', operator: 'In', values: ['a', 'b'] },
            { key: 'legacy', operator: 'DoesNotExist' },
          ],
        },
      },
    },
  ],
  ['with provisioned IOPS', { rootVolume: { type: 'io2', iops: 3000 } }],
  ['with throughput on gp3', { rootVolume: { iops: 4000, throughput: 250 } }],
  ['with tags', { tags: tagged(40) }],
  ['with a heartbeat just slow enough', { heartbeat: { periodSeconds: 30, timeoutSeconds: 60 } }],
  ['with a number as maxUnavailable', { rollout: { maxUnavailable: '3' } }],
  ['with limits', { maxInstances: 10, maxInstancesPerNamespace: 10 }],
];

/** Those that it must refuse, and `field: message` of its causes. */
export const refusedClasses: [string, Change, RegExp][] = [
  ['without images', { images: undefined }, /^spec\.images: Required/],
  ['with no image', { images: [] }, /^spec\.images: .*at least 1/],
  [
    'with an image by nothing',
    { images: [{ architecture: 'x86_64' }] },
    /^spec\.images\[0\]: .*exactly one of id and ssmParameter/,
  ],
  [
    'with an image by both',
    { images: [{ ...arm, ...x86 }] },
    /^spec\.images\[0\]: .*exactly one of id and ssmParameter/,
  ],
  ['with two images of one architecture', { images: [x86, x86] }, /^spec\.images\[1\]: Duplicate/],
  [
    'with a type that no image fits',
    { instanceTypes: [{ name: 'm7g.large', architecture: 'arm64' }] },
    /^spec\.images: .*architecture of each instance type; add/,
  ],
  ['without types', { instanceTypes: [] }, /^spec\.instanceTypes: .*at least 1/],
  [
    'with a type twice',
    { instanceTypes: [{ name: 'm7i.large' }, { name: 'm7i.large' }] },
    /^spec\.instanceTypes: .*remove the duplicate/,
  ],
  [
    'with Spot that would stop',
    { capacityTypes: ['Spot'] },
    /^spec\.stopBehavior: .*Spot in capacityTypes requires stopBehavior: Terminate/,
  ],
  [
    'with a capacity type twice',
    { capacityTypes: ['OnDemand', 'OnDemand'] },
    /^spec\.capacityTypes: .*remove the duplicate/,
  ],
  ['without subnets', { subnets: [] }, /^spec\.subnets: .*at least 1/],
  ['without security groups', { securityGroups: undefined }, /^spec\.securityGroups: Required/],
  ['with an empty term', { subnets: [{}] }, /^spec\.subnets\[0\]: .*exactly one of id and tags/],
  [
    'with a term of both',
    { securityGroups: [{ id: 'sg-1', tags: { a: 'b' } }] },
    /^spec\.securityGroups\[0\]: .*exactly one of id and tags/,
  ],
  [
    'with a term that selects everything',
    { subnets: [{ tags: {} }] },
    /^spec\.subnets\[0\]\.tags: .*at least 1/,
  ],
  ['with a security group as subnet', { subnets: [{ id: 'sg-1' }] }, /^spec\.subnets\[0\]\.id: /],
  [
    'with a tag key that EC2 refuses',
    { subnets: [{ tags: { [`k${'x'.repeat(128)}`]: 'v' } }] },
    /^spec\.subnets\[0\]\.tags: .*128 characters/,
  ],
  [
    'with a selector that is not asked for',
    { allowedNamespaces: { from: 'All', selector: {} } },
    /^spec\.allowedNamespaces: .*selector goes with/,
  ],
  [
    'without the selector that is',
    { allowedNamespaces: { from: 'Selector' } },
    /^spec\.allowedNamespaces: .*selector goes with/,
  ],
  [
    'with an In of nothing',
    {
      allowedNamespaces: {
        from: 'Selector',
        selector: { matchExpressions: [{ key: 'a', operator: 'In' }] },
      },
    },
    /matchExpressions\[0\]: .*at least one value/,
  ],
  [
    'with an Exists of something',
    {
      allowedNamespaces: {
        from: 'Selector',
        selector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
      },
    },
    /matchExpressions\[0\]: .*take none/,
  ],
  [
    'with throughput on gp2',
    { rootVolume: { type: 'gp2', throughput: 250 } },
    /^spec\.rootVolume\.throughput: .*gp3 only/,
  ],
  ['with IOPS on gp2', { rootVolume: { type: 'gp2', iops: 300 } }, /^spec\.rootVolume\.iops: .*gp2/],
  [
    'with io1 without IOPS',
    { rootVolume: { type: 'io1' } },
    /^spec\.rootVolume\.iops: Required value: iops is required/,
  ],
  [
    'with a tag of the operator’s',
    { tags: { 'compute.molecule.ai/uid': 'x' } },
    /^spec\.tags: .*rename the key/,
  ],
  ['with a tag of AWS’s', { tags: { 'aws:x': 'x' } }, /^spec\.tags: .*rename the key/],
  ['with a tag of AWS’s in another case', { tags: { 'AwS:x': 'x' } }, /^spec\.tags: .*rename the key/],
  ['with 41 tags', { tags: tagged(41) }, /^spec\.tags: .*40/],
  [
    'with an impatient heartbeat',
    { heartbeat: { periodSeconds: 60, timeoutSeconds: 90 } },
    /^spec\.heartbeat\.timeoutSeconds: .*twice periodSeconds/,
  ],
  [
    'with a slow period and the default timeout',
    { heartbeat: { periodSeconds: 46 } },
    /^spec\.heartbeat\.timeoutSeconds: /,
  ],
  [
    'with maxUnavailable of nothing',
    { rollout: { maxUnavailable: '0' } },
    /^spec\.rollout\.maxUnavailable: /,
  ],
  ['with 101%', { rollout: { maxUnavailable: '101%' } }, /^spec\.rollout\.maxUnavailable: /],
  [
    'with a namespace’s limit above the whole',
    { maxInstances: 1, maxInstancesPerNamespace: 2 },
    /^spec\.maxInstancesPerNamespace: .*lower it or raise/,
  ],
  ['with user data beyond EC2’s room', { userData: 'x'.repeat(12_001) }, /^spec\.userData: .*12000/],
];
