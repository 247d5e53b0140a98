import type { Counters } from '../../../dev/apiserver/faults/counters.ts';
import type { Faults } from '../../../dev/apiserver/faults/faults.ts';
import type { Change } from '../../../dev/apiserver/storage/store.ts';
import { stageClient } from '../../../dev/stack/install.ts';
import {
  type ClusterAccess,
  type Stack,
  type StackOn,
  type StackOptions,
  startStack,
} from '../../../dev/stack/stack.ts';
import type { KubeClient } from '../../../src/controller/client/client.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import type { Cluster } from '../../envtest/cluster.ts';

export interface SceneOptions extends StackOptions {
  /**
   * Whether a test adds faults of the API server's: on a real one they need something between it and the operator,
   * and where there is nothing it is the better test.
   */
  apiFaults?: boolean;
}

/** The cluster as scenarios see it, embedded or real. */
export interface SceneApi extends ClusterAccess {
  faults: Pick<Faults, 'add' | 'active' | 'clear' | 'closeWatches'>;
  counters: Pick<Counters, 'rows'>;
}

/** What a scene is played on. */
export interface Raised {
  stack: StackOn<SceneApi>;
  /** The test's own, not the operator's. */
  kube: KubeClient;
  /** An administrator's kubeconfig, as YAML. */
  adminKubeconfig: string;
  /** For one more operator, with credentials of its own where there are any; as YAML. */
  operatorKubeconfig(): Promise<string>;
  /** The real one, if it is that. */
  cluster: Cluster | undefined;
  /** Passes on each version of a Workspace, a class and an Event, until the stack stops. */
  follow(listener: (version: Pick<Change, 'type' | 'object' | 'previous'>) => void): Promise<void>;
  /** All that the cluster ever held, every version of it. */
  history(): Promise<{ secrets: string; others: string }>;
}

/** On the embedded API server. */
export async function raiseEmbedded(options: SceneOptions): Promise<Raised & { stack: Stack }> {
  const stack = await startStack(options);
  const { state, kubeconfig } = stack.api;
  const versionsOf = (storage: string) => state.changesAfter(storage, state.compacted());
  return {
    stack,
    kube: stageClient(stack.api, systemClock),
    adminKubeconfig: kubeconfig,
    operatorKubeconfig: async () => kubeconfig,
    cluster: undefined,
    async follow(change) {
      const { group } = WORKSPACES;
      for (const storage of [`${group}/workspaces`, `${group}/workspaceclasses`, 'events'])
        state.subscribe(storage, { change, reset: () => undefined });
    },
    async history() {
      const others = Object.keys(state.dump().objects).filter((storage) => storage !== 'secrets');
      return {
        secrets: JSON.stringify(versionsOf('secrets')),
        others: JSON.stringify(others.map(versionsOf)),
      };
    },
  };
}
