import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../dev/stack/files.ts';
import type { OperatorProcess } from '../../dev/stack/operatorProcess.ts';
import { createDoor } from '../support/door.ts';
import {
  createScene,
  createWorkspace,
  getWorkspace,
  liveInstancesOf,
  provisionsOf,
  putSecret,
  type Scene,
  sweeps,
  terminationsOf,
  untilReady,
} from './harness.ts';

/** A class's sixty seconds, ms. */
const WINDOW_MS = 3_000;
const LEASE = {
  WORKSPACE_CONTROLLER_LEASE_DURATION_MS: '2000',
  WORKSPACE_CONTROLLER_LEASE_RENEW_DEADLINE_MS: '1500',
  WORKSPACE_CONTROLLER_LEASE_RETRY_PERIOD_MS: '300',
};

interface Pair {
  scene: Scene;
  leader: OperatorProcess;
  standby: OperatorProcess;
}

const leads = ({ lines }: OperatorProcess) => lines.some((line) => line.msg === 'became leader');

/** Two replicas whose gateways instances reach by one address, the standby's first; a Workspace `ada` that may change. */
async function withPair(run: (pair: Pair) => Promise<void>): Promise<void> {
  const scene = await createScene();
  const ports = [await freePort(), await freePort()] as const;
  const service = await createDoor(...ports);
  const replica = (port: number) =>
    scene.spawn({
      ...LEASE,
      WORKSPACE_GATEWAY_URL: `https://127.0.0.1:${service.port}`,
      WORKSPACE_GATEWAY_LISTEN_PORT: String(port),
    });
  try {
    await service.open();
    const leader = replica(ports[1]);
    await leader.line((line) => line.msg === 'became leader');
    const standby = replica(ports[0]);
    await standby.line((line) => line.msg === 'started');
    await putSecret(scene, 'ada-env', { KEY: 'a' });
    await createWorkspace(scene, 'ada');
    await untilReady(scene, 'ada', 1);
    await wait(WINDOW_MS);
    expect(leads(standby)).toBe(false);
    await run({ scene, leader, standby });
  } finally {
    await scene.close();
    await service.shut();
  }
}

async function expectCarriedOutOnce(scene: Scene): Promise<void> {
  const after = await untilReady(scene, 'ada', 2);
  await sweeps(scene, 10);
  expect(after.status?.launch?.cause?.kind).toBe('SecretChanged');
  expect(provisionsOf(scene, 'ada')).toHaveLength(2);
  expect(terminationsOf(scene, 'ada')).toHaveLength(1);
  expect(liveInstancesOf(scene, 'ada')).toEqual([after.status?.launch?.instanceID]);
  expect((await getWorkspace(scene, 'ada')).status?.provisions).toBe(2);
}

describe.concurrent('of two replicas one leads', () => {
  test('killed, it is followed by the other, which carries out once what was changed meanwhile', async () => {
    await withPair(async ({ scene, leader, standby }) => {
      await leader.end('SIGKILL');
      await putSecret(scene, 'ada-env', { KEY: 'b' });
      await standby.line((line) => line.msg === 'became leader');
      await expectCarriedOutOnce(scene);
    });
  });

  test('frozen and thawed when the other leads, it stands by and does nothing a second time', async () => {
    await withPair(async ({ scene, leader, standby }) => {
      process.kill(leader.pid, 'SIGSTOP');
      await putSecret(scene, 'ada-env', { KEY: 'b' });
      await standby.line((line) => line.msg === 'became leader');
      await untilReady(scene, 'ada', 2);
      process.kill(leader.pid, 'SIGCONT');
      await leader.line((line) => line.msg === 'stopped leading');
      await expectCarriedOutOnce(scene);
    });
  });
});
