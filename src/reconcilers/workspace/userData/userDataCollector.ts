import type { Logger } from 'pino';
import { z } from 'zod';
import type { Workspace } from '../../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import type { Store } from '../../../controller/cache/store.ts';
import type { KubeClient, KubeObject } from '../../../controller/client/client.ts';
import { isNotFound } from '../../../controller/client/errors.ts';
import { listAll } from '../../../controller/client/kubeClient.ts';
import { listInScope, type Scope } from '../../../controller/client/scope.ts';
import { type Leadership, requireTerm } from '../../../controller/lease/leadership.ts';
import type { Clock } from '../../../controller/lib/clock.ts';
import { createRepeater } from '../../../ec2/observe/repeater.ts';
import {
  AGENT_LABEL,
  CONFIG_MAPS,
  nameOf,
  selectorOf,
  USER_DATA_LABEL,
} from '../../../gateway/served/keptTexts.ts';
import { WORKSPACES } from '../context/deps.ts';
import type { UserDataStore } from './userDataStore.ts';

export interface UserDataCollectorOptions {
  kube: Pick<KubeClient, 'list' | 'delete'>;
  /** The operator's own. */
  namespace: string;
  scope: Pick<Scope, 'namespaces'>;
  workspaces: Pick<Store<Workspace>, 'list'>;
  classes: Pick<Store<WorkspaceClass>, 'list'>;
  userData: Pick<UserDataStore, 'kept' | 'namesFor' | 'remove'>;
  /** Digests of the CA bundles that launches report: an agent may have taken one that no launch was made with. */
  heldBundles(): Promise<Iterable<string>>;
  lease: Leadership;
  clock: Clock;
  logger: Logger;
  /** How long a text is kept that nothing refers to, ms. */
  retentionMs: number;
}

export interface UserDataCollector {
  start(): void;
  stop(): Promise<void>;
}

/** Looks in a retention: often enough that a text goes soon after its time. */
const LOOKS = 6;

const references = z.object({
  status: z
    .object({
      launch: z
        .object({
          params: z
            .object({
              userData: z.object({
                caDigest: z.string().optional(),
                classDigest: z.string().optional(),
                agentDigest: z.string().optional(),
              }),
            })
            .optional(),
        })
        .optional(),
    })
    .optional(),
});

/**
 * Removes texts that no class has any more and no launch refers to, once that has been so for the whole retention. A replay
 * must be byte-equal, so what any launch on record names is in use, and a consistent list has the last word on that.
 */
export function createUserDataCollector(options: UserDataCollectorOptions): UserDataCollector {
  const { kube, namespace, workspaces, classes, userData, lease, clock, retentionMs } = options;
  const logger = options.logger.child({ component: 'user-data' });
  const unusedSince = new Map<string, number>();
  /** ConfigMaps that existed when the term began; later ones are this process's own. */
  let found: Set<string> | undefined;

  async function collect(): Promise<void> {
    const term = lease.term();
    if (!term) return;
    found ??= await find();
    const due = dueOf(new Set([...found, ...userData.kept()]), namesIn(workspaces.list()));
    if (due.length === 0) return;
    const used = namesIn(await listInScope<KubeObject>(kube, WORKSPACES, options.scope));
    for (const digest of await options.heldBundles()) used.add(nameOf(digest));
    const beforeSend = () => requireTerm(lease, term);
    for (const name of due.filter((candidate) => !used.has(candidate) && !classNames().has(candidate))) {
      await userData.remove(name, () => remove(name, beforeSend));
      found.delete(name);
      unusedSince.delete(name);
      logger.info({ event: 'user-data.collected', name }, 'a text that nothing refers to is gone');
    }
  }

  async function find(): Promise<Set<string>> {
    const lists = await Promise.all(
      [USER_DATA_LABEL, AGENT_LABEL].map((labels) =>
        listAll<KubeObject>(kube, CONFIG_MAPS, {
          namespace,
          labelSelector: selectorOf(labels),
          metadataOnly: true,
        }),
      ),
    );
    return new Set(lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.name)));
  }

  async function remove(name: string, beforeSend: () => void): Promise<void> {
    try {
      await kube.delete(CONFIG_MAPS, name, namespace, { beforeSend });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Those that were in use at no look for as long as the retention. */
  function dueOf(names: ReadonlySet<string>, used: ReadonlySet<string>): string[] {
    const inClasses = classNames();
    const now = clock.monotonic();
    return [...names].filter((name) => {
      if (used.has(name) || inClasses.has(name)) {
        unusedSince.delete(name);
        return false;
      }
      const since = unusedSince.get(name) ?? now;
      unusedSince.set(name, since);
      return now - since >= retentionMs;
    });
  }

  function classNames(): ReadonlySet<string> {
    const scripts = [undefined, ...classes.list().map(({ spec }) => spec.userData)];
    return new Set(scripts.flatMap((script) => userData.namesFor(script)));
  }

  const repeater = createRepeater({
    clock,
    task: collect,
    onError: (error) => logger.warn({ err: error }, 'texts of user data not looked through; again later'),
    pauseMs: () => Math.ceil(retentionMs / LOOKS),
  });
  return {
    start: repeater.start,
    async stop() {
      await repeater.stop();
      unusedSince.clear();
      found = undefined;
    },
  };
}

/** Throws when this release does not know the form of an object's status, because its references are then unknown. */
function namesIn(objects: readonly unknown[]): Set<string> {
  const digests = objects.flatMap((object) => {
    const { caDigest, classDigest, agentDigest } =
      references.parse(object).status?.launch?.params?.userData ?? {};
    return [caDigest, classDigest, agentDigest];
  });
  return new Set(digests.flatMap((digest) => (digest === undefined ? [] : [nameOf(digest)])));
}
