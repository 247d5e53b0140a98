import type { z } from 'zod';
import type { workspaceClassSpec } from '../../../src/api/kinds/workspaceClass.ts';
import { seededRandom } from '../../support/base/seededRandom.ts';

export type ClassSpec = z.input<typeof workspaceClassSpec>;

/** What there is at the beginning of a history, and how restless it is. */
export interface Shape {
  /** `namespace/name` of each Workspace. */
  names: readonly string[];
  namespaces: readonly string[];
  /** The Workspaces of a namespace share a Secret beside their own ones. */
  shares: boolean;
  classes: Readonly<Record<string, ClassSpec>>;
  /** Somebody edits statuses. */
  editsStatuses: boolean;
  /** Somebody launches copies of instances, with their tags. */
  copies: boolean;
  /** Somebody deletes Secrets of the operator’s, or puts back older ones. */
  losesKeys: boolean;
  /** The operator is upgraded and downgraded. */
  releases: boolean;
  /** EC2's events come through a queue, and sweeps rest. */
  hasQueue: boolean;
  /** Chance of each in a second. */
  acts: number;
  mishaps: number;
}

export const NAMESPACE = 'default';
const OTHER_NAMESPACE = 'team-b';

export const TYPES = ['m7i.xlarge', 'm6i.large', 'c7i.large', 'g6.xlarge'] as const;
export const PARAMETER = '/workspaces/images/x86_64';

const FLEET_EVERY = 5;
const FLEET_SIZE = 8;
const EDITED_EVERY = 10;
const RELEASES_EVERY = 8;
const KEYS_EVERY = 6;
const QUEUE_EVERY = 4;

function classOf(name: string, spec: Partial<ClassSpec>): ClassSpec {
  return {
    allowedNamespaces: { from: 'All' },
    images: [{ architecture: 'x86_64', ssmParameter: PARAMETER }],
    instanceTypes: TYPES.map((type) => ({ name: type })),
    subnets: [{ tags: { workspaces: 'true' } }],
    securityGroups: [{ tags: { workspaces: 'true' } }],
    // EC2 shows by it whose terms an instance was launched with, and another one is a change.
    instanceProfile: name,
    heartbeat: { periodSeconds: 10, timeoutSeconds: 30 },
    startupTimeoutSeconds: 120,
    rollout: { debounceSeconds: 2, minIntervalSeconds: 20, maxUnavailable: '100%' },
    repair: { policy: 'Replace', afterSeconds: 60 },
    ...spec,
  };
}

/**
 * Each fifth seed has a fleet in two namespaces, the others two Workspaces. In each tenth somebody edits statuses, in each
 * sixth keys are lost, in each fourth EC2's events come through a queue, and in each eighth releases of the operator take turns.
 */
export function shapeOf(seed: number): Shape {
  const random = seededRandom(seed);
  const isFleet = seed % FLEET_EVERY === 0;
  const maxUnavailable = isFleet ? String(1 + Math.floor(random.next() * 3)) : '100%';
  const rollout = { debounceSeconds: 2, minIntervalSeconds: 20, maxUnavailable };
  const spot = random.next() < 0.5;
  const imageUpdatePolicy = random.next() < 0.6 ? 'Automatic' : 'OnLaunch';
  const other = {
    rollout,
    imageUpdatePolicy,
    ...(isFleet && { maxInstances: 3 }),
    ...(spot && { capacityTypes: ['Spot', 'OnDemand'], stopBehavior: 'Terminate' }),
  } satisfies Partial<ClassSpec>;
  const releases = seed % RELEASES_EVERY === RELEASES_EVERY - 1;
  const count = isFleet ? FLEET_SIZE : 2;
  const namespaces = isFleet ? [NAMESPACE, OTHER_NAMESPACE] : [NAMESPACE];
  return {
    names: Array.from(
      { length: count },
      (_, index) => `${namespaces[Math.floor((index * namespaces.length) / count)]}/w${index}`,
    ),
    namespaces,
    shares: isFleet,
    // An earlier release knows an instance by its tags, and believes what statuses say.
    editsStatuses: seed % EDITED_EVERY === EDITED_EVERY - 1 && !releases,
    copies: !releases,
    losesKeys: seed % KEYS_EVERY === KEYS_EVERY - 1,
    releases,
    // An earlier release has none, so these seeds are none of those with releases.
    hasQueue: seed % QUEUE_EVERY === 2,
    classes: {
      standard: classOf('standard', { rollout, imageUpdatePolicy }),
      other: classOf('other', other),
    },
    acts: isFleet ? 0.06 : 0.05,
    mishaps: 0.12,
  };
}
