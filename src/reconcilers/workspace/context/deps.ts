import type { LaunchParams, Workspace } from '../../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import type { Store } from '../../../controller/cache/store.ts';
import type { KubeClient, KubeObject, Resource } from '../../../controller/client/client.ts';
import type { Leadership } from '../../../controller/lease/leadership.ts';
import type { Clock } from '../../../controller/lib/clock.ts';
import type { CloudView, Ec2Calls } from '../../../ec2/calls/port.ts';
import type { OfferingMemory } from '../../../ec2/launch/offerings.ts';
import type { Lines } from '../../../ec2/lines/lines.ts';
import type { Resolver } from '../../../ec2/resolve/resolve.ts';
import type { LiveKeyRing } from '../../../gateway/access/liveKeys.ts';
import type { EvidenceView } from '../../../gateway/store/evidence.ts';
import type { Events } from '../../events.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { Facts, Timing } from '../decide/facts/facts.ts';
import type { SecretReads } from './secretReads.ts';

export const WORKSPACES: Resource = {
  group: 'compute.molecule.ai',
  version: 'v1alpha1',
  plural: 'workspaces',
  namespaced: true,
};

/** Renders the user data of a launch from what is persisted in its parameters. */
export type RenderUserData = (launch: {
  uid: string;
  number: number;
  userData: LaunchParams['userData'];
}) => Promise<string>;

/** Everything a Workspace's reconcile works with. */
export interface WorkspaceDeps {
  clusterID: string;
  kube: KubeClient;
  workspaces: Store<Workspace>;
  classes: Store<WorkspaceClass>;
  /** Metadata alone; the content is read when a referenced one changes. */
  secrets: Store<KubeObject>;
  /** Their content, read once for all who share it. */
  secretReads: SecretReads;
  /** Metadata alone: labels, for classes that select namespaces. */
  namespaces: Store<KubeObject>;
  fleet: Omit<Fleet, 'of'>;
  cloud: CloudView;
  calls: Ec2Calls;
  /** Whose turn it is at EC2's request buckets. */
  lines: Lines;
  resolver: Resolver;
  offerings: OfferingMemory;
  evidence: EvidenceView;
  /** Whether more of a class is silent than can be blamed on them. */
  massSilence(className: string): boolean;
  /** Live instances of earlier Workspaces of this key (namespace/name); undefined before the first look. */
  earlierSelves(key: string): Facts['earlier'];
  /** Largest merged environment, in bytes; the default without it. */
  mostEnvironmentBytes?: number;
  keys: Pick<LiveKeyRing, 'current' | 'get' | 'all' | 'isGone'>;
  /** Puts a namespace's digest key where an earlier release finds it, before a status names it. Never rejects. */
  publishKey?(namespace: string): Promise<void>;
  /** Keys of the MACs of launches. */
  launchKeys: Pick<LiveKeyRing, 'current' | 'get'>;
  lease: Leadership;
  events: Events;
  /** Looks at a key soon. */
  wake(key: string): void;
  clock: Clock;
  timing: Timing;
  /** The user data of new launches; `classScript` is the class's own. */
  userDataFor(classScript: string | undefined): Promise<LaunchParams['userData']>;
  renderUserData: RenderUserData;
}
