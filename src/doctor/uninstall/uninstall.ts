import type { KubeClient, KubeObject } from '../../controller/client/client.ts';
import { isApiError, isNotFound } from '../../controller/client/errors.ts';
import { listAll } from '../../controller/client/kubeClient.ts';
import { type Clock, sleep } from '../../controller/lib/clock.ts';
import { WORKSPACES } from '../../reconcilers/workspace/context/deps.ts';
import { restoreRelease } from './helmRelease.ts';

/** Workspaces named at most. */
const NAMED = 10;

/** Exit code of a refusal, so that a Job doesn't try it again. */
const REFUSED = 3;

export type UninstallPolicy = 'Refuse' | 'Keep';

export interface UninstallOptions {
  kube: Pick<KubeClient, 'list' | 'mergePatch'>;
  policy: UninstallPolicy;
  /** The operator's own. */
  namespace: string;
  /** Those that are watched; empty: all. */
  watched?: readonly string[] | undefined;
  /** Helm's name for the release; absent where another tool installs. */
  release?: string | undefined;
  clock: Clock;
  print(line: string): void;
}

/** API servers heed rights some time after they were granted, and the hook's are granted just before it runs. */
const RIGHTS_LOOKS = 15;
const RIGHTS_LOOK_MS = 1_000;

/** Asks again while the answer is that a right is missing. */
async function patiently<T>(clock: Clock, ask: () => Promise<T>): Promise<T> {
  for (let look = 1; ; look++) {
    try {
      return await ask();
    } catch (error) {
      if (look >= RIGHTS_LOOKS || !isApiError(error, 403)) throw error;
      await sleep(clock, RIGHTS_LOOK_MS);
    }
  }
}

/** Whether the operator may be uninstalled, as an exit code: without it nothing ends instances or removes finalizers. */
export async function judgeUninstall(options: UninstallOptions): Promise<number> {
  const { kube, policy, namespace, watched = [], release, clock, print } = options;
  let workspaces: readonly string[];
  try {
    workspaces = await patiently(clock, () => listWorkspaces(kube, watched));
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown';
    print(`Not known whether Workspaces exist (${why}); nothing is uninstalled until it is.`);
    if (release !== undefined) await restore(release, 'Uninstall refused: Workspaces could not be listed');
    return 1;
  }
  const count = workspaces.length === 1 ? '1 Workspace exists' : `${workspaces.length} Workspaces exist`;
  if (workspaces.length === 0) {
    print('No Workspace exists; uninstalling.');
    return 0;
  }
  const more = workspaces.length - NAMED;
  const names = [
    ...workspaces.slice(0, NAMED).map((name) => `  ${name}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
  if (policy === 'Keep') {
    for (const line of [
      `${count}, and uninstall.policy is Keep. These stay, with their instances, which go on running and cost money:`,
      ...names,
      `So do both CustomResourceDefinitions, and in namespace ${namespace} what the operator made: the Secrets`,
      'workspace-operator-keys and workspace-operator-launch-keys, the ConfigMaps workspace-operator-cluster and',
      'workspace-user-data-*, and the Lease workspace-operator. Keep that namespace and the database.',
      'Until you install again, no instance is replaced or ended, and a deleted Workspace keeps its finalizer.',
    ])
      print(line);
    return 0;
  }
  for (const line of [
    `Refused: ${count}, and without the operator nothing ends their instances or removes their finalizers:`,
    ...names,
    'Go on in one of these ways:',
    '  - delete them and wait: kubectl delete workspaces --all --all-namespaces; then uninstall again',
    '  - keep them and their instances: helm upgrade with --reset-then-reuse-values --set uninstall.policy=Keep; then uninstall',
  ])
    print(line);
  if (release !== undefined) await restore(release, `Uninstall refused: ${count}`);
  return REFUSED;

  async function restore(name: string, description: string): Promise<void> {
    const byHand = `helm rollback ${name} -n ${namespace} makes it deployed again`;
    try {
      const found = await patiently(clock, () =>
        restoreRelease(kube, { namespace, release: name, description }),
      );
      print(
        found
          ? 'Nothing was removed. The release is deployed as before and can be upgraded.'
          : `Nothing was removed. Helm keeps the release elsewhere than in Secrets; if it shows uninstalling, ${byHand}.`,
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown';
      print(`Nothing was removed, but Helm shows the release as uninstalling (${why}); ${byHand}.`);
    }
  }
}

async function listWorkspaces(
  kube: Pick<KubeClient, 'list'>,
  watched: readonly string[],
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const namespace of watched.length === 0 ? [undefined] : watched) {
    try {
      const { items } = await listAll<KubeObject>(kube, WORKSPACES, { namespace, metadataOnly: true });
      for (const { metadata } of items) names.push(`${metadata.namespace}/${metadata.name}`);
    } catch (error) {
      // The definition is gone, and every Workspace with it.
      if (!isNotFound(error)) throw error;
    }
  }
  return names.sort();
}
