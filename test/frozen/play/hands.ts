import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import type { Resource } from '../../../src/controller/client/client.ts';
import { isNotFound } from '../../../src/controller/client/errors.ts';
import { CLASSES } from '../../../src/reconcilers/class/deps.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { type Scene, SECRETS } from '../../simulator/scene/scene.ts';
import type { Conditions, Deed } from '../frozen.ts';

export const NAMESPACE = 'default';
const RESOURCES: Readonly<Record<string, Resource>> = {
  Workspace: WORKSPACES,
  WorkspaceClass: CLASSES,
  Secret: SECRETS,
};

/** Does what people and the world do. */
export interface Hands {
  /** The conditions that hold. */
  conditions(): Conditions;
  do(deed: Deed): Promise<void>;
  read(name: string): Promise<Workspace | undefined>;
}

export function createHands(scene: Scene): Hands {
  const { kube, service, agents } = scene;
  let present: Conditions = {};

  function setConditions(next: Conditions): void {
    for (const target of present.silent ?? []) agents.controls.silence(target, false);
    for (const target of present.held ?? []) agents.controls.hold(target, false);
    service.faults.clear();
    for (const rule of next.capacity ?? []) service.faults.capacity({ ...rule });
    for (const rule of next.faults ?? []) service.faults.add({ ...rule, times: Number.POSITIVE_INFINITY });
    for (const target of next.silent ?? []) agents.controls.silence(target, true);
    for (const target of next.held ?? []) agents.controls.hold(target, true);
    present = next;
  }

  const resourceOf = (kind: string): Resource => {
    const resource = RESOURCES[kind];
    if (!resource) throw new Error(`a scene knows no ${kind}`);
    return resource;
  };
  const namespaceOf = ({ namespaced }: Resource) => (namespaced ? { namespace: NAMESPACE } : {});

  return {
    conditions: () => present,
    async do(deed) {
      if ('conditions' in deed) return setConditions(deed.conditions);
      if ('delete' in deed) return void (await kube.delete(WORKSPACES, deed.delete, NAMESPACE));
      if ('patch' in deed) {
        const resource = resourceOf(deed.patch);
        await kube.mergePatch(resource, { name: deed.name, ...namespaceOf(resource) }, deed.with);
        return;
      }
      const resource = resourceOf(deed.create.kind);
      const { namespace } = namespaceOf(resource) as { namespace?: string };
      const metadata = { ...deed.create.metadata, ...namespaceOf(resource) };
      await kube.create(resource, { ...deed.create, metadata }, namespace);
    },
    async read(name) {
      try {
        return await kube.get<Workspace>(WORKSPACES, name, NAMESPACE);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
  };
}
