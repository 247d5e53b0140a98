import type { Workspace } from '../../src/api/workspace.ts';
import { isNotFound } from '../../src/controller/errors.ts';
import { CLASSES } from '../../src/reconcilers/class/deps.ts';
import { WORKSPACES } from '../../src/reconcilers/workspace/deps.ts';
import { type Scene, SECRETS } from './scene.ts';

export const NAMESPACE = 'default';
const TYPES = ['m7i.large', 'm6i.large'] as const;

/** What people ask for: a few Workspaces of one class, and what each should be. */
export interface People {
  names(): readonly string[];
  /** One thing that somebody wants of one Workspace; returns what. */
  act(): Promise<string>;
  /** The content that the Secret of this Workspace holds now. */
  content(name: string): string;
  /** Every content that was ever in a Secret. */
  contents: ReadonlySet<string>;
  read(name: string): Promise<Workspace | undefined>;
}

export async function createPeople(scene: Scene, count: number): Promise<People> {
  const { kube, random } = scene;
  const names = Array.from({ length: count }, (_, index) => `w${index}`);
  const held = new Map<string, string>();
  const contents = new Set<string>();
  let made = 0;
  let requests = 0;

  const newContent = (name: string) => {
    made += 1;
    const content = `sesame-${made}-${name}`;
    held.set(name, content);
    contents.add(content);
    return content;
  };
  const create = (name: string) =>
    kube.create(
      WORKSPACES,
      {
        apiVersion: 'compute.molecule.ai/v1alpha1',
        kind: 'Workspace',
        metadata: { name, namespace: NAMESPACE },
        spec: { className: 'standard', envFrom: [{ secretRef: { name } }] },
      },
      NAMESPACE,
    );
  const patch = (name: string, spec: Record<string, unknown>) =>
    kube.mergePatch(WORKSPACES, { name, namespace: NAMESPACE }, { spec });

  await kube.create(CLASSES, {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'WorkspaceClass',
    metadata: { name: 'standard' },
    spec: {
      allowedNamespaces: { from: 'All' },
      images: [{ architecture: 'x86_64', ssmParameter: '/workspaces/images/x86_64' }],
      instanceTypes: TYPES.map((name) => ({ name })),
      subnets: [{ tags: { workspaces: 'true' } }],
      securityGroups: [{ tags: { workspaces: 'true' } }],
      heartbeat: { periodSeconds: 10, timeoutSeconds: 30 },
      startupTimeoutSeconds: 120,
      rollout: { debounceSeconds: 2, minIntervalSeconds: 20, maxUnavailable: '100%' },
      repair: { policy: 'Replace', afterSeconds: 60 },
    },
  });
  for (const name of names) {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE } };
    await kube.create(SECRETS, { ...secret, stringData: { KEY: newContent(name) } }, NAMESPACE);
    await create(name);
  }

  const known = new Map<string, { revision: number; workspace: Workspace | undefined }>();

  /** Asks only when anything changed since it last did. */
  async function read(name: string): Promise<Workspace | undefined> {
    const revision = scene.api.state.revision();
    const before = known.get(name);
    if (before?.revision === revision) return before.workspace;
    const workspace = await readNow(name);
    known.set(name, { revision, workspace });
    return workspace;
  }

  async function readNow(name: string): Promise<Workspace | undefined> {
    try {
      return await kube.get<Workspace>(WORKSPACES, name, NAMESPACE);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async function want(name: string, workspace: Workspace): Promise<string> {
    const { spec } = workspace;
    const choice = random.next();
    if (choice < 0.45) {
      const data = { KEY: Buffer.from(newContent(name)).toString('base64') };
      await kube.mergePatch(SECRETS, { name, namespace: NAMESPACE }, { data });
      return `another secret for ${name}`;
    }
    if (choice < 0.6) {
      requests += 1;
      await patch(name, { requests: { restart: `r${requests}` } });
      return `restart of ${name}`;
    }
    if (choice < 0.75) {
      const operatingMode = spec.operatingMode === 'Stopped' ? 'Running' : 'Stopped';
      await patch(name, { operatingMode });
      return `${name} ${operatingMode}`;
    }
    if (choice < 0.9) {
      const instanceType = spec.instanceType === TYPES[1] ? TYPES[0] : TYPES[1];
      await patch(name, { instanceType });
      return `${name} ${instanceType}`;
    }
    await kube.delete(WORKSPACES, name, NAMESPACE);
    return `deletion of ${name}`;
  }

  return {
    names: () => names,
    contents,
    read,
    content: (name) => held.get(name) ?? '',
    async act() {
      const name = names[Math.floor(random.next() * names.length)] ?? '';
      const workspace = await read(name);
      if (workspace?.metadata.deletionTimestamp !== undefined) return `${name} is being deleted`;
      if (workspace) return want(name, workspace);
      await create(name);
      return `${name} anew`;
    },
  };
}
