import { Agent, request } from 'undici';
import { pollerToken } from '../../../dev/stack/poller.ts';
import type { Condition } from '../../../src/api/base/meta.ts';
import { decodeWorkspace } from '../../../src/api/kinds/decode.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { isNotFound } from '../../../src/controller/client/errors.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { NAMESPACE, SECRETS } from './objects.ts';
import type { Scene } from './scene.ts';
import { until } from './until.ts';
import { untilVersion } from './untilVersion.ts';

export async function putSecret(scene: Scene, name: string, values: Record<string, string>): Promise<void> {
  const metadata = { name, namespace: NAMESPACE };
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  try {
    await scene.kube.mergePatch(SECRETS, metadata, { data });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await scene.kube.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata, data }, NAMESPACE);
  }
}

export async function createWorkspace(
  scene: Scene,
  name: string,
  spec: Record<string, unknown> = {},
): Promise<Workspace> {
  const body = {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'Workspace',
    metadata: { name, namespace: NAMESPACE },
    spec: { className: 'standard', envFrom: [{ secretRef: { name: `${name}-env` } }], ...spec },
  };
  return decodeWorkspace(await scene.kube.create(WORKSPACES, body, NAMESPACE));
}

export async function patchWorkspace(scene: Scene, name: string, patch: unknown): Promise<void> {
  await scene.kube.mergePatch(WORKSPACES, { name, namespace: NAMESPACE }, patch);
}

export async function getWorkspace(scene: Scene, name: string): Promise<Workspace> {
  return decodeWorkspace(await scene.kube.get(WORKSPACES, name, NAMESPACE));
}

export function conditionOf(workspace: Workspace, type: string): Condition | undefined {
  return workspace.status?.conditions?.find((condition) => condition.type === type);
}

export function untilWorkspace(
  scene: Scene,
  name: string,
  what: string,
  holds: (workspace: Workspace) => boolean,
): Promise<Workspace> {
  return untilVersion(scene.journal, name, what, () => getWorkspace(scene, name), holds);
}

export function isReady(workspace: Workspace): boolean {
  return conditionOf(workspace, 'Ready')?.status === 'True';
}

export function untilReady(scene: Scene, name: string, number?: number): Promise<Workspace> {
  const what = number === undefined ? 'Ready' : `Ready with launch ${number}`;
  return untilWorkspace(scene, name, what, (workspace) => {
    const upToDate = conditionOf(workspace, 'UpToDate')?.status === 'True';
    return (
      isReady(workspace) && upToDate && (number === undefined || workspace.status?.launch?.number === number)
    );
  });
}

export function untilGone(scene: Scene, name: string): Promise<true> {
  return until(`${name} is gone`, async () => {
    try {
      await getWorkspace(scene, name);
      return false;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  });
}

export async function report(scene: Scene, name: string): Promise<number> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const answer = await request(`${scene.stack.gatewayURL}/v1/reports`, {
    method: 'POST',
    dispatcher,
    headers: {
      authorization: `Bearer ${await pollerToken(scene.kube)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ namespace: NAMESPACE, name }),
  });
  await answer.body.dump();
  await dispatcher.close();
  return answer.statusCode;
}
