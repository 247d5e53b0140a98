import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Transport } from '../../../src/controller/client/transport.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { NAMESPACE } from '../../scenarios/scene/objects.ts';
import type { Scene } from '../../scenarios/scene/scene.ts';
import { untilGone } from '../../scenarios/scene/workspaces.ts';
import { oneChange } from '../../scenarios/steps/oneChange.ts';
import { operatorToken } from './operatorAccount.ts';

/** The ServiceAccounts of deploy/rbac-split.yaml. */
export const ACCOUNTS = { controller: 'workspace-operator', gateway: 'workspace-operator-gateway' } as const;

/** What an administrator has, with the token of this account instead; YAML. */
export async function kubeconfigFor(scene: Scene, transport: Transport, account: string): Promise<string> {
  const config = parse(scene.adminKubeconfig) as { users: { name: string }[] };
  const token = await operatorToken(transport, account);
  return stringify({ ...config, users: config.users.map(({ name }) => ({ name, user: { token } })) });
}

/** The path of such a file. */
export async function kubeconfigFile(scene: Scene, transport: Transport, account: string): Promise<string> {
  const path = join(scene.stack.folder, `${account}.kubeconfig`);
  await writeFile(path, await kubeconfigFor(scene, transport, account), { mode: 0o600 });
  return path;
}

/** The gateway first: it may not make what the controller makes, and waits. */
export async function startApart(scene: Scene, transport: Transport): Promise<void> {
  const kubeconfig = async (part: keyof typeof ACCOUNTS) => ({
    KUBECONFIG: await kubeconfigFile(scene, transport, ACCOUNTS[part]),
  });
  const gateway = scene.spawn(await kubeconfig('gateway'), 'gateway');
  await gateway.line(({ msg }) => String(msg).startsWith('waiting for the controller'));
  scene.spawn(await kubeconfig('controller'), 'controller');
  await gateway.line(({ msg }) => msg === 'started');
  // An agent of another release, which launches name during an upgrade: it is looked for, and no right is missing.
  expect(await askForAgent(scene, '0'.repeat(64))).toBe(404);
}

async function askForAgent({ stack }: Scene, digest: string): Promise<number> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const answer = await request(`${stack.gatewayURL}/v1/agent/${digest}`, { dispatcher });
  await answer.body.dump();
  await dispatcher.close();
  return answer.statusCode;
}

/** A Workspace comes up, is reported, changes once and goes. */
export async function workThrough(scene: Scene): Promise<void> {
  await oneChange(scene);
  await scene.kube.delete(WORKSPACES, 'ada', NAMESPACE);
  await untilGone(scene, 'ada');
}
