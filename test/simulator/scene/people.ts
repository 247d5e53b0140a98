import { objectKey } from '../../../dev/apiserver/storage/store.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import { decodeWorkspace, decodeWorkspaceClass } from '../../../src/api/kinds/decode.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../../src/api/kinds/workspaceClass.ts';
import { isNotFound } from '../../../src/controller/client/errors.ts';
import { CLASSES } from '../../../src/reconcilers/class/deps.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { NAMESPACES, type Scene, SECRETS } from './scene.ts';
import { NAMESPACE, type Shape } from './shape.ts';

const API_VERSION = `${WORKSPACES.group}/${WORKSPACES.version}`;
const SHARED = 'shared';
const STORAGE = {
  workspaces: `${WORKSPACES.group}/workspaces`,
  classes: `${WORKSPACES.group}/workspaceclasses`,
};

/** What people do to the cluster, and how they look at it. Looks make no call. */
export interface People {
  /** `namespace/name` of each Workspace that there may be. */
  names(): readonly string[];
  classes(): readonly string[];
  read(name: string): Workspace | undefined;
  klass(name: string): WorkspaceClass;
  create(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** A merge patch of its spec. */
  edit(name: string, spec: Patch): Promise<void>;
  editClass(name: string, spec: Patch): Promise<void>;
  /** Its status is removed, as any writer of statuses can. */
  wipe(name: string): void;
  /** How often that was done. */
  wipes(name: string): number;
  /** Somebody writes another status. */
  editStatus(name: string, status: Patch): void;
  /** Whether somebody wrote its status: of that Workspace little is claimed. */
  isEdited(uid: string): boolean;
  /** A new content for its own Secret. */
  renewSecret(name: string): Promise<void>;
  /** A new content for the Secret that all of a namespace share. */
  renewShared(namespace: string): Promise<void>;
  /** What its agent is to hold by now. */
  environment(name: string): Readonly<Record<string, string>>;
  /** Every content that was ever in a Secret. */
  contents: ReadonlySet<string>;
  /** How many edits so far call for another instance of the Workspace that has this name; begins again as it is made again. */
  changes(name: string): number;
  /** One more of it, or of each Workspace of a class. */
  countChange(name: string): void;
  countClassChange(className: string): void;
}

export type Patch = Record<string, unknown>;

export async function createPeople({ kube, api, note }: Scene, shape: Shape): Promise<People> {
  const held = new Map<string, string>();
  const contents = new Set<string>();
  const changes = new Map<string, number>();
  const wipes = new Map<string, number>();
  const edited = new Set<string>();
  const countChange = (name: string) => void changes.set(name, (changes.get(name) ?? 0) + 1);
  const decoded = new WeakMap<JsonObject, Workspace>();
  const [workspaceOf, classOf] = [decodeWorkspace, decodeWorkspaceClass];

  function read(name: string): Workspace | undefined {
    const raw = api.state.get(STORAGE.workspaces, name);
    if (!raw) return undefined;
    const known = decoded.get(raw) ?? workspaceOf(raw);
    decoded.set(raw, known);
    return known;
  }

  function renew(secret: string): string {
    const content = `sesame-${contents.size + 1}-${secret.replace('/', '-')}`;
    held.set(secret, content);
    contents.add(content);
    return content;
  }

  async function createSecret(secret: string, key: string): Promise<void> {
    const { namespace, name } = partsOf(secret);
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } };
    await kube.create(SECRETS, { ...body, stringData: { [key]: renew(secret) } }, namespace);
  }

  async function patchSecret(secret: string, key: string): Promise<void> {
    const data = { [key]: Buffer.from(renew(secret)).toString('base64') };
    await kube.mergePatch(SECRETS, partsOf(secret), { data });
  }

  async function create(name: string): Promise<void> {
    const { namespace, name: own } = partsOf(name);
    const envFrom = [...(shape.shares ? [SHARED] : []), own].map((secret) => ({
      secretRef: { name: secret },
    }));
    const metadata = { name: own, namespace };
    const spec = { className: 'standard', envFrom };
    changes.set(name, 0);
    await kube.create(WORKSPACES, { apiVersion: API_VERSION, kind: 'Workspace', metadata, spec }, namespace);
  }

  const shared = (namespace: string) => `${namespace}/${SHARED}`;
  for (const namespace of shape.namespaces) {
    const metadata = { name: namespace };
    if (namespace !== NAMESPACE)
      await kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata });
    if (shape.shares) await createSecret(shared(namespace), 'SHARED');
  }
  for (const [name, spec] of Object.entries(shape.classes))
    await kube.create(CLASSES, {
      apiVersion: API_VERSION,
      kind: 'WorkspaceClass',
      metadata: { name },
      spec,
    });
  for (const name of shape.names) {
    await createSecret(name, 'KEY');
    await create(name);
  }

  return {
    names: () => shape.names,
    classes: () => Object.keys(shape.classes),
    read,
    klass(name) {
      const raw = api.state.get(STORAGE.classes, objectKey('', name));
      if (!raw) throw new Error(`there is no class ${name}`);
      return classOf(raw);
    },
    create,
    async remove(name) {
      const { namespace, name: own } = partsOf(name);
      await kube.delete(WORKSPACES, own, namespace);
    },
    async edit(name, spec) {
      await kube.mergePatch(WORKSPACES, partsOf(name), { spec });
    },
    async editClass(name, spec) {
      await kube.mergePatch(CLASSES, { name }, { spec });
    },
    wipe(name) {
      wipes.set(name, (wipes.get(name) ?? 0) + 1);
      // What is found again has another generation, which its replacement may spend.
      countChange(name);
      const target = { ...partsOf(name), subresource: 'status' as const };
      kube.mergePatch(WORKSPACES, target, { status: null }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    },
    wipes: (name) => wipes.get(name) ?? 0,
    editStatus(name, status) {
      edited.add(read(name)?.metadata.uid ?? '');
      const target = { ...partsOf(name), subresource: 'status' as const };
      const before = Object.fromEntries(Object.keys(read(name)?.status ?? {}).map((key) => [key, null]));
      kube
        .mergePatch(WORKSPACES, target, { status: before })
        .then(() => kube.mergePatch(WORKSPACES, target, { status }))
        .catch((error: unknown) => note(`the status of ${name} is not edited: ${String(error)}`));
    },
    isEdited: (uid) => edited.has(uid),
    async renewSecret(name) {
      countChange(name);
      await patchSecret(name, 'KEY');
    },
    async renewShared(namespace) {
      for (const name of shape.names) if (partsOf(name).namespace === namespace) countChange(name);
      await patchSecret(shared(namespace), 'SHARED');
    },
    environment(name) {
      const common = held.get(shared(partsOf(name).namespace));
      return { KEY: held.get(name) ?? '', ...(common !== undefined && { SHARED: common }) };
    },
    contents,
    changes: (name) => changes.get(name) ?? 0,
    countChange,
    countClassChange(className) {
      for (const name of shape.names) if (read(name)?.spec.className === className) countChange(name);
    },
  };
}

function partsOf(name: string): { namespace: string; name: string } {
  const [namespace = '', own = ''] = name.split('/');
  return { namespace, name: own };
}
