import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { freePort } from '../../../dev/ports.ts';
import type { OperatorProcess } from '../../../dev/stack/operatorProcess.ts';
import { createDoor } from '../../support/base/door.ts';
import { liveInstancesOf, provisionsOf, sweeps, terminationsOf } from '../scene/counts.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { createWorkspace, getWorkspace, putSecret, untilReady } from '../scene/workspaces.ts';

/** A class's sixty seconds, ms. */
const WINDOW_MS = 3_000;
/** A lost lease may be taken soon, and none is lost because the machine is busy for a second or two; the API wants whole seconds. */
export const LEASE = {
  WORKSPACE_CONTROLLER_LEASE_DURATION_MS: '5000',
  WORKSPACE_CONTROLLER_LEASE_RENEW_DEADLINE_MS: '4000',
  WORKSPACE_CONTROLLER_LEASE_RETRY_PERIOD_MS: '300',
};

export type Role = 'leader' | 'standby';

export interface Pair {
  scene: Scene;
  leader: OperatorProcess;
  standby: OperatorProcess;
}

export const isLeading = (line: { msg?: unknown }): boolean => line.msg === 'became leader';

/**
 * Two replicas whose gateways instances reach by one address, the standby's first; a Workspace `ada` that may change.
 * @param prepare what a replica has in its environment besides
 */
export async function withPair(
  run: (pair: Pair) => Promise<void>,
  prepare: (role: Role, scene: Scene) => Promise<Record<string, string>> = async () => ({}),
  options: Parameters<typeof createScene>[0] = {},
): Promise<void> {
  const scene = await createScene(options);
  const ports = { standby: await freePort(), leader: await freePort() };
  const service = await createDoor(ports.standby, ports.leader);
  const replica = async (role: Role) =>
    scene.spawn({
      ...LEASE,
      WORKSPACE_GATEWAY_URL: `https://127.0.0.1:${service.port}`,
      WORKSPACE_GATEWAY_LISTEN_PORT: String(ports[role]),
      ...(await prepare(role, scene)),
    });
  try {
    await service.open();
    const leader = await replica('leader');
    await leader.line(isLeading);
    const standby = await replica('standby');
    await standby.line((line) => line.msg === 'started');
    await putSecret(scene, 'ada-env', { KEY: 'a' });
    await createWorkspace(scene, 'ada');
    await untilReady(scene, 'ada', 1);
    await wait(WINDOW_MS);
    expect(standby.lines.some(isLeading)).toBe(false);
    await run({ scene, leader, standby });
  } finally {
    await scene.close();
    await service.shut();
  }
}

/** The secret's change became one launch, one instance, and the end of the one before. */
export async function expectCarriedOutOnce(scene: Scene): Promise<void> {
  const after = await untilReady(scene, 'ada', 2);
  await sweeps(scene, 10);
  expect(after.status?.launch?.cause?.kind).toBe('SecretChanged');
  expect(provisionsOf(scene, 'ada')).toHaveLength(2);
  expect(terminationsOf(scene, 'ada')).toHaveLength(1);
  expect(liveInstancesOf(scene, 'ada')).toEqual([after.status?.launch?.instanceID]);
  expect((await getWorkspace(scene, 'ada')).status?.provisions).toBe(2);
}
