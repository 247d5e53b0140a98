import { decodeWorkspace } from '../../src/api/kinds/decode.ts';
import type { Workspace } from '../../src/api/kinds/workspace.ts';
import type { KubeClient, KubeObject } from '../../src/controller/client/client.ts';
import { isApiError, isNotFound } from '../../src/controller/client/errors.ts';
import { conditionOf } from '../../src/plugin/views/transitions.ts';
import { WORKSPACES } from '../../src/reconcilers/workspace/context/deps.ts';
import { SECRETS } from '../watch/cluster.ts';

/** The key that the canary changes; an environment variable of the agent like any other. */
export const CANARY_KEY = 'WORKSPACE_CANARY';

/** Why the canary can't begin, with what to do about it; nothing was changed. */
export class CannotBegin extends Error {
  override readonly name = 'CannotBegin';
}

interface SecretObject extends KubeObject {
  data?: Record<string, string>;
  immutable?: boolean;
}

export interface CanaryTarget {
  namespace: string;
  name: string;
}

/** The Workspace, when one changed key of a Secret must be exactly one provision of it. @throws CannotBegin */
export async function readTarget(kube: KubeClient, { namespace, name }: CanaryTarget): Promise<Workspace> {
  const raw = await allowed(
    { verb: 'get', resource: 'workspaces', namespace },
    kube.get(WORKSPACES, name, namespace),
  );
  if (!raw) {
    throw new CannotBegin(
      `there is no Workspace ${namespace}/${name}: kubectl get wks -A lists those there are; if it knows no such kind, kubectl apply -f crds/`,
    );
  }
  const workspace = decodeWorkspace(raw);
  const why = unfit(workspace);
  if (why !== undefined) throw new CannotBegin(`${namespace}/${name} ${why}`);
  return workspace;
}

function unfit({ metadata, spec, ...workspace }: Workspace): string | undefined {
  if (metadata.deletionTimestamp !== undefined) return 'is being deleted: choose another';
  if (spec.paused) return 'is paused, so no change is carried out: unset spec.paused first';
  if (spec.operatingMode === 'Stopped') return 'is stopped: set spec.operatingMode to Running first';
  if (spec.envFrom.length === 0)
    return 'has no spec.envFrom, so there is no Secret to change: add one, or choose another Workspace';
  if (spec.env.some((entry) => entry.name === CANARY_KEY))
    return `sets ${CANARY_KEY} in spec.env, which wins over every Secret: remove it there`;
  for (const type of ['Ready', 'UpToDate']) {
    const condition = conditionOf(workspace, type);
    if (condition?.status === 'True') continue;
    const says = condition
      ? `${type}=${condition.status} (${condition.reason}) ${condition.message}`
      : 'nothing';
    return `is not at rest, so another change would be counted with ours; it says: ${says} Wait until it is Ready and UpToDate${condition ? '' : ', and see that the operator runs'}`;
  }
  return undefined;
}

/**
 * The Secret to change: the one asked for, or the last of spec.envFrom that exists, which wins over the others.
 * @throws CannotBegin when a change in it would not reach the environment
 */
export async function chooseSecret(
  kube: KubeClient,
  { metadata: { namespace }, spec }: Workspace,
  asked: string | undefined,
): Promise<string> {
  const names = spec.envFrom.map((source) => source.secretRef.name);
  if (asked !== undefined && !names.includes(asked))
    throw new CannotBegin(`--secret ${asked} is not in spec.envFrom, which has ${names.join(', ')}`);
  const later: string[] = [];
  for (const name of [...new Set(names.reverse())]) {
    const secret = await allowed(
      { verb: 'get', resource: 'secrets', namespace },
      kube.get<SecretObject>(SECRETS, name, namespace),
    );
    if (asked !== undefined && name !== asked) {
      if (secret?.data?.[CANARY_KEY] !== undefined) later.push(name);
      continue;
    }
    if (!secret && asked === undefined) continue;
    if (!secret)
      throw new CannotBegin(`there is no Secret ${namespace}/${name}: create it, or choose another`);
    if (secret.immutable)
      throw new CannotBegin(`Secret ${namespace}/${name} is immutable: choose another with --secret`);
    if (later.length > 0)
      throw new CannotBegin(
        `${CANARY_KEY} is also in ${later.join(', ')}, which wins over ${name}: choose that one with --secret`,
      );
    return name;
  }
  throw new CannotBegin(`none of the Secrets in spec.envFrom exists in ${namespace}: ${names.join(', ')}`);
}

/** Adds or changes the key, and nothing else. @throws CannotBegin without the right to */
export async function changeKey(
  kube: KubeClient,
  target: { namespace: string; name: string },
  value: string,
): Promise<void> {
  const data = { [CANARY_KEY]: Buffer.from(value).toString('base64') };
  const done = await allowed(
    { verb: 'patch', resource: 'secrets', namespace: target.namespace },
    kube.mergePatch(SECRETS, target, { data }),
  );
  if (!done) throw new CannotBegin(`Secret ${target.namespace}/${target.name} is gone: try again`);
}

/** Undefined when there is no such object. */
async function allowed<T>(
  what: { verb: string; resource: string; namespace: string },
  work: Promise<T>,
): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (!isApiError(error, 401, 403)) throw error;
    const { verb, resource, namespace } = what;
    const who = error.status === 401 ? 'the API server does not know you' : 'you may not';
    throw new CannotBegin(
      `${who}: ${verb} ${resource} in ${namespace}; see kubectl auth can-i ${verb} ${resource} -n ${namespace}`,
    );
  }
}
