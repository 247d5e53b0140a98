import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createDoor } from '../../support/base/door.ts';
import { liveInstancesOf, provisionsOf, sweeps } from '../scene/counts.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import {
  conditionOf,
  createWorkspace,
  getWorkspace,
  isReady,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';
import { cloudCallsBetween, readBooks } from '../steps/audit.ts';
import { eventsOf } from '../steps/events.ts';

/** Sixty of the protocol's seconds, ms. */
const MINUTE_MS = 3_000;
/** Log lines that an operator without one of its supports may write in that time. */
const MOST_LINES = 30;

/** A Workspace `ada` that an earlier operator made Ready, without an operator now. */
async function withReady(run: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = await createScene();
  try {
    const before = await scene.start();
    await putSecret(scene, 'ada-env', { KEY: 'a' });
    await createWorkspace(scene, 'ada');
    await untilReady(scene, 'ada', 1);
    await wait(MINUTE_MS);
    await before.stop();
    await run(scene);
  } finally {
    await scene.close();
  }
}

/** The operator is up, says why it can't go on, in few words, and touches nothing. */
async function expectPatience(scene: Scene, said: RegExp): Promise<void> {
  const instances = liveInstancesOf(scene, 'ada');
  const before = readBooks(scene);
  await until(`the log says ${said}`, () => scene.logs.some((line) => said.test(JSON.stringify(line))));
  await wait(MINUTE_MS);
  const after = readBooks(scene);
  expect(after.logLines - before.logLines).toBeLessThanOrEqual(MOST_LINES);
  // A class is resolved once, for its status.
  const { others } = cloudCallsBetween(before, after);
  const unasked = Object.entries(others).filter(
    ([action, count]) => count > 1 || !/^(Describe|Get)/.test(action),
  );
  expect(unasked).toEqual([]);
  expect(liveInstancesOf(scene, 'ada')).toEqual(instances);
  expect(isReady(await getWorkspace(scene, 'ada'))).toBe(true);
}

/** After any outage a change is now carried out, once. */
async function expectChangeCarriedOut(scene: Scene): Promise<void> {
  await putSecret(scene, 'ada-env', { KEY: 'b' });
  await untilReady(scene, 'ada', 2);
  await sweeps(scene, 6);
  expect(provisionsOf(scene, 'ada')).toHaveLength(2);
  expect(liveInstancesOf(scene, 'ada')).toHaveLength(1);
}

// Each has a stack and processes of its own, all at once.
describe.concurrent('what the operator stands on is away when it starts, and comes later', () => {
  test('Postgres', async () => {
    await withReady(async (scene) => {
      const url = new URL(scene.stack.databaseURL);
      const door = await createDoor(Number(url.port));
      url.port = String(door.port);
      const operator = scene.spawn({ DATABASE_URL: url.href });
      try {
        await operator.line((line) => line.msg === 'became leader');
        await expectPatience(scene, /ECONNREFUSED; check DATABASE_URL/);
        await putSecret(scene, 'new-env', { KEY: 'a' });
        await createWorkspace(scene, 'new');
        await untilWorkspace(scene, 'new', 'it boots', (it) => it.status?.instance?.state === 'running');
        await door.open();
        await untilReady(scene, 'new', 1);
        expect(provisionsOf(scene, 'new')).toHaveLength(1);
        await expectChangeCarriedOut(scene);
      } finally {
        await operator.end('SIGTERM');
        await door.shut();
      }
    });
  });

  test('the API server', async () => {
    await withReady(async (scene) => {
      const { port } = new URL(scene.stack.api.url);
      const door = await createDoor(Number(port));
      const kubeconfig = join(scene.stack.folder, 'kubeconfig-door');
      const direct = await readFile(scene.stack.kubeconfigPath, 'utf8');
      await writeFile(kubeconfig, direct.replaceAll(`:${port}`, `:${door.port}`), { mode: 0o600 });
      const operator = scene.spawn({ KUBECONFIG: kubeconfig });
      try {
        await expectPatience(scene, /can not start yet.*the API server/);
        await door.open();
        await operator.line((line) => line.msg === 'became leader');
        await expectChangeCarriedOut(scene);
      } finally {
        await operator.end('SIGTERM');
        await door.shut();
      }
    });
  });

  test('AWS credentials', async () => {
    await withReady(async (scene) => {
      let given = false;
      const key = { AccessKeyId: 'embedded', SecretAccessKey: 'embedded', Token: 'embedded' };
      const Expiration = new Date(Date.now() + 3_600_000).toISOString();
      // As EKS Pod Identity hands them to a Pod.
      const agent = createServer((_request, response) => {
        response.writeHead(given ? 200 : 404, { 'content-type': 'application/json' });
        response.end(JSON.stringify(given ? { ...key, Expiration } : { message: 'no association' }));
      });
      await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
      const { port } = agent.address() as AddressInfo;
      const operator = scene.spawn({
        AWS_ACCESS_KEY_ID: '',
        AWS_SECRET_ACCESS_KEY: '',
        // The SDK's chain asks several places, each more than once.
        WORKSPACE_AWS_TIMEOUT_MS: '5000',
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/credentials`,
      });
      try {
        await expectPatience(scene, /NoCredentials/);
        await putSecret(scene, 'ada-env', { KEY: 'b' });
        const workspace = await untilWorkspace(
          scene,
          'ada',
          'CloudUnavailable',
          (it) => conditionOf(it, 'UpToDate')?.reason === 'CloudUnavailable',
        );
        const message = /WorkspaceClass "standard".*NoCredentials.*Give the process credentials/;
        expect(conditionOf(workspace, 'Ready')).toMatchObject({ status: 'True', reason: 'Ready' });
        expect(conditionOf(workspace, 'UpToDate')?.message).toMatch(message);
        const events = await until('an event says so', async () => {
          const all = await eventsOf(scene, 'ada');
          return all.some(({ reason }) => reason === 'CloudUnavailable') && all;
        });
        expect(events.find(({ reason }) => reason === 'CloudUnavailable')?.note).toMatch(message);
        expect(liveInstancesOf(scene, 'ada')).toHaveLength(1);
        given = true;
        await untilReady(scene, 'ada', 2);
        expect(provisionsOf(scene, 'ada')).toHaveLength(2);
      } finally {
        await operator.end('SIGTERM');
        await new Promise((resolve) => agent.close(resolve));
      }
    });
  });
});
