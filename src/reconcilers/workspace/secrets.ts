import { z } from 'zod';
import {
  type DigestKey,
  digestEnvironment,
  digestKeyID,
  digestVariables,
  mergeEnvironment,
  type SecretData,
} from '../../api/environment.ts';
import type { Workspace } from '../../api/workspace.ts';
import type { KubeClient, Resource } from '../../controller/client.ts';
import { isNotFound } from '../../controller/errors.ts';
import type { ChangedNames, EnvironmentFact } from './decide/facts.ts';
import type { WorkspaceDeps } from './deps.ts';
import type { EnvironmentReading, WorkspaceMemory } from './memory.ts';

const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
const base64 = z.base64();
// z.record drops the key __proto__, which is a legal key of a Secret.
const secretBody = z.object({
  data: z
    .custom<object>((data) => typeof data === 'object' && !Array.isArray(data))
    .nullish()
    .transform((data) =>
      Object.entries(data ?? {}).map(([key, value]) => [key, base64.parse(value)] as const),
    ),
});

/** A Secret's content, read from the API server; undefined when there is none. Rejects when it can't be asked. */
export async function readSecret(
  kube: Pick<KubeClient, 'get'>,
  namespace: string,
  name: string,
): Promise<SecretData | undefined> {
  try {
    const { data } = secretBody.parse(await kube.get(SECRETS, name, namespace));
    return new Map(data.map(([key, value]) => [key, Buffer.from(value, 'base64')]));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

type Deps = Pick<WorkspaceDeps, 'kube' | 'secrets' | 'keys' | 'evidence'>;

/**
 * The environment as the Secrets say it now. Content is read only when the version of a referenced Secret, or the
 * spec, is another than last time; values are dropped as soon as they are digested.
 */
export async function observeEnvironment(
  deps: Deps,
  workspace: Workspace,
  memory: WorkspaceMemory,
): Promise<EnvironmentFact> {
  const { namespace } = workspace.metadata;
  const refs = workspace.spec.envFrom.map(({ secretRef }) => secretRef);
  const present = new Map(refs.map(({ name }) => [name, deps.secrets.get(`${namespace}/${name}`)]));
  const missing = refs.filter((ref) => !ref.optional && !present.get(ref.name)).map((ref) => ref.name);
  if (missing.length > 0) return { kind: 'Missing', secrets: missing };
  const keyIDs = wantedKeys(deps, workspace);
  const version = JSON.stringify([
    workspace.spec.env,
    workspace.spec.envFrom,
    [...present].map(([name, secret]) => [name, secret?.metadata.uid, secret?.metadata.resourceVersion]),
    keyIDs.map((id) => [id, deps.keys.get('digest', id) !== undefined]),
  ]);
  if (memory.environment?.version !== version) {
    // One key for as long as names are compared: under another every variable would look changed.
    memory.namingKey ??= deps.keys.current('digest');
    const reading = await read(deps, workspace, { version, keyIDs, namingKey: memory.namingKey });
    if ('missing' in reading) return { kind: 'Missing', secrets: reading.missing };
    memory.environment = reading;
  }
  const { digests, leftOut, lostKeys } = memory.environment;
  return { kind: 'Merged', digests, currentKey: deps.keys.current('digest').id, lostKeys, leftOut };
}

/** The current key, and those that any digest names which this content may be compared with. */
function wantedKeys(deps: Deps, { metadata, status }: Workspace): string[] {
  const held = deps.evidence.ofWorkspace(metadata.uid).map((launch) => launch.env);
  const digests = [status?.desired?.env, status?.instance?.env, ...held];
  const named = digests.flatMap((digest) => (digest ? [digestKeyID(digest)] : []));
  return [...new Set([deps.keys.current('digest').id, ...named])].sort();
}

async function read(
  deps: Deps,
  workspace: Workspace,
  { version, keyIDs, namingKey }: { version: string; keyIDs: readonly string[]; namingKey: DigestKey },
): Promise<EnvironmentReading | { missing: string[] }> {
  const contents = new Map<string, SecretData>();
  for (const { secretRef } of workspace.spec.envFrom) {
    const content = await readSecret(deps.kube, workspace.metadata.namespace, secretRef.name);
    if (content) contents.set(secretRef.name, content);
  }
  const merged = mergeEnvironment(workspace.spec, contents);
  if (merged.missing.length > 0) return { missing: [...merged.missing] };
  const digests: Record<string, string> = {};
  const lostKeys: string[] = [];
  for (const id of keyIDs) {
    // A key may be newer than what this process has seen of the Secret: only asking says that it is gone.
    if (await deps.keys.isGone('digest', id)) lostKeys.push(id);
    const key = deps.keys.get('digest', id);
    if (key) digests[id] = digestEnvironment({ id, key }, merged.variables);
  }
  const variables = digestVariables(namingKey, merged.variables);
  const plain = new Set(workspace.spec.env.map(({ name }) => name));
  return { version, digests, lostKeys, variables, sources: merged.sources, plain, leftOut: merged.leftOut };
}

/** Follows what changes are named against: the content whose digest is on record. */
export function trackBase(memory: WorkspaceMemory, recorded: string | undefined, observed: string): void {
  const { candidate, environment } = memory;
  if (candidate && candidate.env === recorded) memory.base = candidate.content;
  if (!environment) return;
  const { variables, sources, plain } = environment;
  const content = { variables, sources, plain };
  memory.candidate = { env: observed, content };
  if (recorded === undefined || recorded === observed) memory.base = content;
}

/** `secret/key` of each variable that differs from the base, `-secret/key` of one that is gone; none without a base. */
export function changedNames({ base, environment }: WorkspaceMemory): ChangedNames {
  if (!base || !environment) return { changed: [], plain: true };
  const { variables, sources, plain } = environment;
  const other = [...variables].flatMap(([name, digest]) =>
    base.variables.get(name) === digest ? [] : [name],
  );
  const gone = [...base.variables.keys()].filter((name) => !variables.has(name));
  const names = [
    ...other.map((name) => sources.get(name) ?? name),
    ...gone.map((name) => `-${base.sources.get(name) ?? name}`),
  ];
  return {
    changed: names.sort(),
    plain: other.every((name) => plain.has(name)) && gone.every((name) => base.plain.has(name)),
  };
}
