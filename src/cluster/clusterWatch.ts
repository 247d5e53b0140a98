import { decodeWorkspace, decodeWorkspaceClass } from '../api/kinds/decode.ts';
import type { Workspace } from '../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../api/kinds/workspaceClass.ts';
import { createNamespacedStore } from '../controller/cache/namespacedStore.ts';
import { startReflector } from '../controller/cache/reflector.ts';
import type { Reflector, ReflectorOptions } from '../controller/cache/reflectorOptions.ts';
import {
  createStore,
  type ReflectedStore,
  type Store,
  type StoreOptions,
} from '../controller/cache/store.ts';
import type { KubeObject, Resource } from '../controller/client/client.ts';
import type { Scope } from '../controller/client/scope.ts';
import { CLASSES } from '../reconcilers/class/deps.ts';
import { WORKSPACES } from '../reconcilers/workspace/context/deps.ts';
import { WORKSPACE_INDEXES } from '../reconcilers/workspace/triggers.ts';
import { createNamespaceWatch, type NamespaceWatch, type On, type Unwatched } from './namespaceWatch.ts';

const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };

/** Half of the caches are the gateway's as well. */
export type Part = 'kinds' | 'all';

/** This process's view of the cluster. */
export interface ClusterWatch {
  scope: Scope;
  workspaces: Store<Workspace>;
  classes: Store<WorkspaceClass>;
  secrets: Store<KubeObject>;
  namespaces: Store<KubeObject>;
  /** Starts watching what is not watched yet. */
  watch(what: Part): void;
  /** Resolves once all is there, but for namespaces that the API server refuses; those come when it no longer does. */
  waitForSync(signal: AbortSignal): Promise<void>;
  /** Namespaces of the list that are not served; none without a list. */
  unwatched(): Unwatched[];
  /** Resources that were not listed yet, for people, without namespaces that are refused. */
  waitsFor(): string[];
  stop(): Promise<void>;
}

export interface ClusterWatchOptions
  extends Pick<ReflectorOptions<KubeObject>, 'transport' | 'clock' | 'random' | 'logger' | 'metrics'> {
  scope: Scope;
  /** Secrets that are watched by name, each with its store. */
  keySecrets: readonly { namespace: string; name: string; store: ReflectedStore<KubeObject> }[];
}

type Reflected<T extends KubeObject> = Pick<
  ReflectorOptions<T>,
  'resource' | 'store' | 'decode' | 'metadataOnly' | 'namespace' | 'fieldSelector' | 'onError'
>;

export function createClusterWatch(options: ClusterWatchOptions): ClusterWatch {
  const { scope, clock, logger, keySecrets, ...common } = options;
  const workspaces = storeIn<Workspace>(scope, { indexes: WORKSPACE_INDEXES });
  const secrets = storeIn<KubeObject>(scope);
  const classes = createStore<WorkspaceClass>();
  const namespaces = createStore<KubeObject>();
  const reflectors: Reflector[] = [];
  /** Reflectors that a start waits for. */
  const needed: { what: string; reflector: Reflector }[] = [];
  const listed: NamespaceWatch[] = [];
  let seesNamespaces: Reflector | undefined;

  function reflect<T extends KubeObject>(reflected: Reflected<T>): Reflector {
    // Each detects it alone only while the server's versions still lie below those that it saw.
    const onSetBack = () => {
      for (const other of reflectors) if (other !== mine) other.relist();
    };
    const mine = startReflector<T>({ ...common, clock, logger, onSetBack, ...reflected });
    reflectors.push(mine);
    return mine;
  }

  function need<T extends KubeObject>(reflected: Reflected<T>): Reflector {
    const reflector = reflect(reflected);
    needed.push({ what: reflected.resource.plural, reflector });
    return reflector;
  }

  function watchNamespaces(what: Part): void {
    const known = () => seesNamespaces?.hasSynced() === true;
    for (const [namespace, store] of workspaces.parts) {
      const itsSecrets = secrets.parts.get(namespace);
      const watched = createNamespaceWatch({
        namespace,
        isMissing: () => known() && namespaces.get(namespace) === undefined,
        steps: [
          ...(what === 'all' && itsSecrets
            ? [
                (on: On) =>
                  reflect({ resource: SECRETS, store: itsSecrets, metadataOnly: true, namespace, ...on }),
              ]
            : []),
          (on: On) => reflect({ resource: WORKSPACES, store, decode: decodeWorkspace, namespace, ...on }),
        ],
        clock,
        logger,
      });
      listed.push(watched);
    }
  }

  return {
    scope,
    workspaces: workspaces.store,
    classes,
    secrets: secrets.store,
    namespaces,
    watch(what) {
      need({ resource: CLASSES, store: classes, decode: decodeWorkspaceClass });
      for (const { namespace, name, store } of keySecrets) {
        need({ resource: SECRETS, store, namespace, fieldSelector: `metadata.name=${name}` });
      }
      if (what === 'all') {
        seesNamespaces = need({ resource: NAMESPACES, store: namespaces, metadataOnly: true });
        if (secrets.whole) need({ resource: SECRETS, store: secrets.whole, metadataOnly: true });
      }
      if (workspaces.whole) need({ resource: WORKSPACES, store: workspaces.whole, decode: decodeWorkspace });
      else watchNamespaces(what);
    },
    async waitForSync(signal) {
      await Promise.all([
        ...needed.map(({ reflector }) => reflector.waitForSync(signal)),
        ...listed.map((watched) => watched.settled(signal)),
      ]);
    },
    unwatched: () => listed.flatMap((watched) => watched.unwatched() ?? []),
    waitsFor: () => [
      ...needed.flatMap(({ what, reflector }) => (reflector.hasSynced() ? [] : [what])),
      ...listed.flatMap((watched) => watched.waitsFor() ?? []),
    ],
    async stop() {
      for (const watched of listed) watched.stop();
      await Promise.all(reflectors.map((reflector) => reflector.stop()));
    },
  };
}

/** One store, filled by one reflector, or by one for each namespace of the list. */
function storeIn<T extends KubeObject>(
  { namespaces }: Scope,
  options: StoreOptions<T> = {},
): { store: Store<T>; whole?: ReflectedStore<T>; parts: ReadonlyMap<string, ReflectedStore<T>> } {
  if (namespaces) return createNamespacedStore(namespaces, options);
  const whole = createStore(options);
  return { store: whole, whole, parts: new Map() };
}
