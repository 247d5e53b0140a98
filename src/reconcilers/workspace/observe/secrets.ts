import {
  type DigestKey,
  digestEnvironment,
  digestKeyID,
  digestVariables,
  mergeEnvironment,
  type SecretData,
} from '../../../api/environment/environment.ts';
import { gatherSecrets, MOST_ENVIRONMENT_BYTES } from '../../../api/environment/gather.ts';
import { SecretRefused } from '../../../api/environment/secretTypes.ts';
import type { Workspace } from '../../../api/kinds/workspace.ts';
import { keyOf } from '../../../controller/cache/store.ts';
import { type MonoMs, plus } from '../../../controller/lib/time.ts';
import { digestKey, namespaceKey } from '../../../gateway/access/namespaceKeys.ts';
import type { WorkspaceDeps } from '../context/deps.ts';
import type { EnvironmentReading, WorkspaceMemory } from '../context/memory.ts';
import type { EnvironmentFact } from '../decide/facts/facts.ts';
import type { ChangedNames } from '../decide/facts/processFacts.ts';

type Deps = Pick<
  WorkspaceDeps,
  'secrets' | 'secretReads' | 'keys' | 'evidence' | 'clock' | 'mostEnvironmentBytes'
>;

/**
 * The environment that the Secrets hold now. Content is read only when the version of a referenced Secret, or the
 * spec, differs from last time, and once for all Workspaces that share it; see secretReads.ts for how long values are kept.
 * @param mayRead false while no class lets the Workspace have an instance: then nothing is read for it
 */
export async function observeEnvironment(
  deps: Deps,
  workspace: Workspace,
  memory: WorkspaceMemory,
  mayRead = true,
): Promise<EnvironmentFact> {
  const { namespace } = workspace.metadata;
  const refs = workspace.spec.envFrom.map(({ secretRef }) => secretRef);
  const present = new Map(refs.map(({ name }) => [name, deps.secrets.get(keyOf(namespace, name))]));
  const missing = refs.filter((ref) => !ref.optional && !present.get(ref.name)).map((ref) => ref.name);
  if (missing.length > 0) return { kind: 'Missing', secrets: missing };
  if (!mayRead) return { kind: 'Unread' };
  const currentKey = namespaceKey(deps.keys, namespace).id;
  const wanted = wantedKeys(deps, workspace, currentKey);
  // Nothing can be digested under a key that is not here: an instance that makes one up has nothing read for it.
  const keyIDs = wanted.filter((id) => digestKey(deps.keys, namespace, id) !== undefined).sort();
  const version = JSON.stringify([
    workspace.spec.env,
    workspace.spec.envFrom,
    [...present].map(([name, secret]) => [name, secret?.metadata.uid, secret?.metadata.resourceVersion]),
    keyIDs,
    namingKeyOf(deps.keys).id,
  ]);
  if (memory.unusable?.version === version) return memory.unusable.fact;
  if (memory.environment?.version !== version) {
    // One key for as long as names are compared: under another every variable would look changed.
    memory.namingKey ??= deps.keys.current('digest');
    const unshown = new Set(refs.flatMap(({ name }) => (present.get(name) ? [] : [name])));
    const reading = await read(deps, workspace, { version, keyIDs, namingKey: memory.namingKey, unshown });
    memory.unusable = undefined;
    if ('kind' in reading) {
      if (reading.kind === 'Unusable' && unshown.size === 0) memory.unusable = { version, fact: reading };
      return reading;
    }
    memory.environment = reading;
  }
  const { digests, content, leftOut } = memory.environment;
  const lostKeys = await lostKeysOf(deps, memory, namespace, wanted);
  return { kind: 'Merged', digests, content, currentKey, lostKeys, leftOut };
}

/** The current key, and those that any digest names which this content may be compared with: our own word first. */
function wantedKeys(deps: Deps, { metadata, status }: Workspace, currentKey: string): string[] {
  const held = deps.evidence.ofWorkspace(metadata.uid).map((launch) => launch.env);
  const digests = [status?.desired?.env, status?.instance?.env, ...held];
  const named = digests.flatMap((digest) => (digest ? [digestKeyID(digest)] : []));
  return [...new Set([currentKey, ...named])];
}

/** How often the API server is asked for keys that one Workspace's digests name: an instance can make up a new one with each heartbeat. */
const MOST_QUESTIONS = 4;
const QUESTIONS_MS = 60_000;
const MOST_GONE = 16;

async function lostKeysOf(
  deps: Deps,
  memory: WorkspaceMemory,
  namespace: string,
  wanted: readonly string[],
): Promise<string[]> {
  const lost: string[] = [];
  for (const id of wanted) {
    if (digestKey(deps.keys, namespace, id)) continue;
    memory.goneKeys ??= new Set();
    // A key may be newer than this process's view of the Secret: only a read proves that it is gone.
    if (!memory.goneKeys.has(id)) {
      if (!mayAsk(memory, deps.clock.monotonic()) || !(await deps.keys.isGone('digest', id))) continue;
      memory.goneKeys.add(id);
      const [oldest] = memory.goneKeys;
      if (memory.goneKeys.size > MOST_GONE && oldest !== undefined) memory.goneKeys.delete(oldest);
    }
    lost.push(id);
  }
  return lost.sort();
}

function mayAsk(memory: WorkspaceMemory, mono: MonoMs): boolean {
  const asked = memory.keyQuestions;
  const present = asked && plus(asked.since, QUESTIONS_MS) > mono ? asked : { since: mono, count: 0 };
  memory.keyQuestions = { ...present, count: present.count + 1 };
  return present.count < MOST_QUESTIONS;
}

/**
 * What the Secrets of a Workspace hold, as far as it is for its instance. Rejects when the API server can't be asked.
 * @param readOne reads a Secret of its namespace
 * @param putAside is given the other values
 */
export async function readContents(
  deps: Pick<WorkspaceDeps, 'mostEnvironmentBytes'>,
  { metadata, spec }: Workspace,
  readOne: (name: string) => Promise<SecretData | undefined>,
  putAside?: (value: Buffer) => unknown,
): Promise<ReadonlyMap<string, SecretData> | Extract<EnvironmentFact, { kind: 'Unusable' }>> {
  const most = deps.mostEnvironmentBytes ?? MOST_ENVIRONMENT_BYTES;
  try {
    const { contents, bytes } = await gatherSecrets(spec, readOne, { most, stopAt: 'end', putAside });
    if (bytes <= most) return contents;
    const message = `The environment of Workspace "${metadata.namespace}/${metadata.name}" has ${bytes} bytes, and at most ${most} are allowed; remove what the agent does not need from its Secrets or spec.env, or have the operator’s setting gateway.maxEnvironmentBytes raised.`;
    return { kind: 'Unusable', reason: 'EnvironmentTooLarge', message };
  } catch (error) {
    if (!(error instanceof SecretRefused)) throw error;
    const message = `${error.message}, which holds a credential of the cluster and never reaches an instance; remove it from spec.envFrom, or copy what the agent needs into a Secret of type Opaque.`;
    return { kind: 'Unusable', reason: 'SecretRefused', message };
  }
}

interface Wanted {
  version: string;
  keyIDs: readonly string[];
  namingKey: DigestKey;
  /** Secrets that the cache lacks; those that the API server lacks too are removed. */
  unshown: Set<string>;
}

/** A read of a Secret that the cache has yet to show is used once: the cache may never show it, and `version` would not change. */
const AHEAD = '';

async function read(
  deps: Deps,
  workspace: Workspace,
  { version, keyIDs, namingKey, unshown }: Wanted,
): Promise<EnvironmentReading | Exclude<EnvironmentFact, { kind: 'Merged' }>> {
  const { spec, metadata } = workspace;
  const of = `${metadata.namespace} ${namingKey.id} ${version}`;
  const known = deps.secretReads.readingOf(of);
  if (known) return known;
  const contents = await readContents(deps, workspace, async (name) => {
    const data = await deps.secretReads.read(metadata.namespace, name);
    if (!data) unshown.delete(name);
    return data;
  });
  if ('kind' in contents) return contents;
  const merged = mergeEnvironment(spec, contents);
  if (merged.missing.length > 0) return { kind: 'Missing', secrets: merged.missing };
  const digests: Record<string, string> = {};
  for (const id of keyIDs) {
    const key = digestKey(deps.keys, metadata.namespace, id);
    if (key) digests[id] = digestEnvironment({ id, key }, merged.variables);
  }
  const variables = digestVariables(namingKey, merged.variables);
  const plain = new Set(spec.env.map(({ name }) => name));
  const content = digestEnvironment(namingKeyOf(deps.keys), merged.variables);
  const { sources, leftOut } = merged;
  const reading = { version, digests, content, variables, sources, plain, leftOut };
  if (unshown.size > 0) return { ...reading, version: AHEAD };
  deps.secretReads.keepReading(of, reading);
  return reading;
}

/**
 * The key of the digests that content is compared by between namespaces, and that are never published: the oldest, so that
 * a new key parts nothing. An earlier release published digests under it.
 */
function namingKeyOf(keys: Deps['keys']): DigestKey {
  return keys.all('digest')[0] ?? keys.current('digest');
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
