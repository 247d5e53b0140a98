import type { z } from 'zod';
import { objectKey } from '../../../dev/apiserver/storage/store.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import type { Condition } from '../../../src/api/base/meta.ts';
import { decodeWorkspace, decodeWorkspaceClass } from '../../../src/api/kinds/decode.ts';
import type { Workspace, workspaceSpec } from '../../../src/api/kinds/workspace.ts';
import type { WorkspaceClass, workspaceClassSpec } from '../../../src/api/kinds/workspaceClass.ts';
import { isNotFound } from '../../../src/controller/client/errors.ts';
import { CLASSES } from '../../../src/reconcilers/class/deps.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { type Scene, SECRETS } from '../../simulator/scene/scene.ts';
import { NAMESPACE } from '../../simulator/scene/shape.ts';
import type { Time } from './time.ts';

const NAMESPACES = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };
const API_VERSION = `${WORKSPACES.group}/${WORKSPACES.version}`;
const SHARED = 'shared-env';

/** What differs from the defaults. */
export type ClassSpec = Partial<z.input<typeof workspaceClassSpec>>;
type Spec = Partial<z.input<typeof workspaceSpec>>;
type Patch = Record<string, unknown>;

/**
 * What people do to the cluster, and how they look at it. All is in one namespace, but for names like `namespace/name`.
 * Looks cost no time and make no call.
 */
export interface People {
  createClass(name: string, spec?: ClassSpec): Promise<void>;
  /** A merge patch of its spec. */
  editClass(name: string, spec: Patch): Promise<void>;
  createNamespace(name: string): Promise<void>;
  /** Creates it, or changes the keys given. */
  putSecret(name: string, values: Record<string, string>): Promise<void>;
  deleteSecret(name: string): Promise<void>;
  /** Of the class `standard`, with the Secret `NAME-env`, by default. */
  createWorkspace(name: string, spec?: Spec): Promise<void>;
  /** A merge patch of its spec. */
  edit(name: string, spec: Patch): Promise<void>;
  remove(name: string): Promise<void>;
  /** A merge patch of its status, as who has the right to may write it. Laws don't judge what it says from then on. */
  editStatus(name: string, status: Patch): Promise<void>;
  /** Whether somebody edited the status of the Workspace with this uid; of any without one. */
  isEdited(uid?: string): boolean;
  /** Creates `ws-0`…, which share the Secret `shared-env` by default, and waits until all are Ready. @returns their names */
  createFleet(count: number, spec?: Spec | ((name: string) => Spec)): Promise<readonly string[]>;
  /** Environment from these Secrets, for a spec. */
  from(...secrets: string[]): Spec;

  find(name: string): Workspace | undefined;
  /** @throws when there is none */
  workspace(name: string): Workspace;
  workspaces(): readonly Workspace[];
  /** Of each Workspace its name and version: alike twice, nothing was written in between. */
  versions(): readonly string[];
  condition(name: string, type: string): Condition | undefined;
  klass(name: string): WorkspaceClass;
  classCondition(name: string, type: string): Condition | undefined;
  /** Events about one object, oldest first. */
  events(name: string): readonly { type: string; reason: string; note: string; at: string }[];

  /** Ready and up to date, with this launch if a number is given. Without one, what was just asked for may be yet unseen. */
  untilReady(name: string, number?: number): Promise<Workspace>;
  /** The same of all. */
  untilAllReady(number?: number): Promise<void>;
  untilGone(name: string): Promise<void>;
}

export function createPeople({ kube, api, note }: Scene, time: Time): People {
  const { state } = api;
  const decoded = new WeakMap<JsonObject, Workspace>();
  const edited = new Set<string>();

  function decode(raw: JsonObject): Workspace {
    const workspace = decoded.get(raw) ?? decodeWorkspace(raw);
    decoded.set(raw, workspace);
    return workspace;
  }

  function find(name: string): Workspace | undefined {
    const raw = state.get(STORAGE.workspaces, objectKey(placeOf(name).namespace, placeOf(name).name));
    return raw && decode(raw);
  }

  function workspace(name: string): Workspace {
    const found = find(name);
    if (!found) throw new Error(`there is no Workspace ${name}`);
    return found;
  }

  function workspaces(): readonly Workspace[] {
    return state.list(STORAGE.workspaces).map(([, raw]) => decode(raw));
  }

  function isReady(it: Workspace | undefined, number?: number): boolean {
    const holds = ['Ready', 'UpToDate'].every((type) => conditionOf(it, type)?.status === 'True');
    return holds && (number === undefined || it?.status?.launch?.number === number);
  }

  function klass(name: string): WorkspaceClass {
    const raw = state.get(STORAGE.classes, objectKey('', name));
    if (!raw) throw new Error(`there is no class ${name}`);
    return decodeWorkspaceClass(raw);
  }

  async function createWorkspace(name: string, spec: Spec = {}): Promise<void> {
    note(`someone creates ${name} ${JSON.stringify(spec)}`);
    const metadata = placeOf(name);
    const body = {
      apiVersion: API_VERSION,
      kind: 'Workspace',
      metadata,
      spec: { className: 'standard', ...from(`${metadata.name}-env`), ...spec },
    };
    await kube.create(WORKSPACES, body, metadata.namespace);
  }

  async function putSecret(name: string, values: Record<string, string>): Promise<void> {
    note(`someone writes Secret ${name}: ${Object.keys(values).join()}`);
    const metadata = placeOf(name);
    const data = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    );
    try {
      await kube.mergePatch(SECRETS, metadata, { data });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await kube.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata, data }, metadata.namespace);
    }
  }

  function untilReady(name: string, number?: number): Promise<Workspace> {
    const which = number === undefined ? '' : ` with launch ${number}`;
    return time.until(`${name} is Ready and up to date${which}`, () => {
      const it = find(name);
      return isReady(it, number) && it;
    });
  }

  async function untilAllReady(number?: number): Promise<void> {
    const which = number === undefined ? '' : ` with launch ${number}`;
    await time.until(`all are Ready and up to date${which}`, () =>
      workspaces().every((it) => isReady(it, number)),
    );
  }

  return {
    createWorkspace,
    putSecret,
    find,
    workspace,
    klass,
    from,
    untilReady,
    async createClass(name, spec = {}) {
      note(`someone creates class ${name} ${JSON.stringify(spec)}`);
      await kube.create(CLASSES, {
        apiVersion: API_VERSION,
        kind: 'WorkspaceClass',
        metadata: { name },
        spec: { ...CLASS, ...spec },
      });
    },
    async editClass(name, spec) {
      note(`someone edits class ${name}: ${JSON.stringify(spec)}`);
      await kube.mergePatch(CLASSES, { name }, { spec });
    },
    async edit(name, spec) {
      note(`someone edits ${name}: ${JSON.stringify(spec)}`);
      await kube.mergePatch(WORKSPACES, placeOf(name), { spec });
    },
    async editStatus(name, status) {
      edited.add(workspace(name).metadata.uid);
      await kube.mergePatch(WORKSPACES, { ...placeOf(name), subresource: 'status' }, { status });
    },
    isEdited: (uid) => (uid === undefined ? edited.size > 0 : edited.has(uid)),
    async remove(name) {
      note(`someone deletes ${name}`);
      await kube.delete(WORKSPACES, placeOf(name).name, placeOf(name).namespace);
    },
    async createNamespace(name) {
      note(`someone creates namespace ${name}`);
      await kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    },
    async deleteSecret(name) {
      note(`someone deletes Secret ${name}`);
      await kube.delete(SECRETS, placeOf(name).name, placeOf(name).namespace);
    },
    async createFleet(count, spec = {}) {
      if (!state.get(STORAGE.secrets, objectKey(NAMESPACE, SHARED))) await putSecret(SHARED, { KEY: 'a' });
      const names = Array.from({ length: count }, (_, index) => `ws-${index}`);
      const specOf = typeof spec === 'function' ? spec : () => spec;
      for (const name of names) await createWorkspace(name, { ...from(SHARED), ...specOf(name) });
      await untilAllReady(1);
      return names;
    },
    workspaces,
    untilAllReady,
    versions: () =>
      state
        .list(STORAGE.workspaces)
        .map(([key, { metadata }]) => `${key}@${(metadata as { resourceVersion: string }).resourceVersion}`),
    condition: (name, type) => conditionOf(workspace(name), type),
    classCondition: (name, type) => conditionOf(klass(name), type),
    events: (name) =>
      state
        .list(STORAGE.events)
        .map(([, event]) => event as unknown as StoredEvent)
        .filter(({ involvedObject }) => involvedObject.name === name)
        .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
        .map(({ type, reason, message, eventTime }) => ({ type, reason, note: message, at: eventTime })),
    async untilGone(name) {
      await time.until(`${name} is gone`, () => find(name) === undefined);
    },
  };
}

/** Kinds as the API server keeps them. */
export const STORAGE = {
  workspaces: `${WORKSPACES.group}/workspaces`,
  classes: `${WORKSPACES.group}/workspaceclasses`,
  secrets: 'secrets',
  events: 'events',
} as const;

export interface StoredEvent {
  metadata: { resourceVersion: string };
  involvedObject: { kind: string; name: string };
  type: string;
  reason: string;
  message: string;
  eventTime: string;
}

/** What a class must say; all else is as it is by default. */
const CLASS = {
  allowedNamespaces: { from: 'All' },
  images: [{ architecture: 'x86_64', ssmParameter: '/workspaces/images/x86_64' }],
  instanceTypes: [{ name: 'm7i.large' }, { name: 'm6i.large' }],
  subnets: [{ tags: { workspaces: 'true' } }],
  securityGroups: [{ tags: { workspaces: 'true' } }],
};

/** Of `name` or `namespace/name`. */
function placeOf(name: string): { namespace: string; name: string } {
  const at = name.indexOf('/');
  return at < 0 ? { namespace: NAMESPACE, name } : { namespace: name.slice(0, at), name: name.slice(at + 1) };
}

function from(...secrets: string[]): Spec {
  return { envFrom: secrets.map((name) => ({ secretRef: { name } })) };
}

export function conditionOf(
  it: { status?: { conditions?: readonly Condition[] | undefined } | undefined } | undefined,
  type: string,
): Condition | undefined {
  return it?.status?.conditions?.find((condition) => condition.type === type);
}
