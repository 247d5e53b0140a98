import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManifests } from '../../dev/stack/manifests.ts';
import { type ClusterAccess, openCluster } from '../../dev/watch/cluster.ts';
import { followWorkspace } from '../../dev/watch/followWorkspace.ts';
import type { Workspace } from '../../src/api/kinds/workspace.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { isSettled } from '../../src/plugin/views/transitions.ts';
import { type DevCommand, processesNaming, runDevCommand } from '../support/programs/devCommand.ts';

const LIMIT_MS = 60_000;
let parent: string;
let present: DevCommand | undefined;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'workspace-dev-test-'));
  // Postgres may run as another user.
  await chmod(parent, 0o755);
});
afterEach(async () => {
  present?.child.kill('SIGKILL');
  await present?.ended;
  await rm(parent, { recursive: true, force: true });
});

async function start(folder: string): Promise<{ dev: DevCommand; cluster: ClusterAccess; operator: number }> {
  const dev = runDevCommand(['dev', '--folder', folder, '--speed', '20'], parent);
  present = dev;
  const [, operator] = await dev.says(/kill -9 (\d+) crashes the operator/);
  await dev.says(/became leader/);
  const cluster = openCluster(systemClock, join(folder, 'kubeconfig'));
  return { dev, cluster, operator: Number(operator) };
}

async function settled(cluster: ClusterAccess, fits: (it: Workspace) => boolean = () => true) {
  const followed = followWorkspace({
    transport: cluster.transport,
    clock: systemClock,
    random: systemRandom,
    namespace: 'default',
    name: 'ada',
    signal: new AbortController().signal,
  });
  try {
    const what = 'ada is Ready';
    return await followed.until(what, (it) => it !== undefined && isSettled(it) && fits(it), LIMIT_MS);
  } finally {
    await followed.stop();
  }
}

test('npm run dev keeps what there is over crashes of the operator and restarts of it all', {
  timeout: 180_000,
}, async () => {
  const folder = join(parent, 'kept');
  const first = await start(folder);
  await createManifests(first.cluster.kube);
  const before = await settled(first.cluster);
  const [page = ''] = await first.dev.says(/http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\//);
  const shown = (await (await fetch(`${page}workspace?key=default%2Fada`)).json()) as { row: object };
  expect(shown.row).toMatchObject({ availability: 'Ready', state: 'running', provisions: 1 });
  process.kill(first.operator, 'SIGKILL');
  await first.dev.says(/The operator ended \(killed\); it is started again/);
  await first.dev.says(/became leader[\s\S]*became leader/);
  await first.cluster.close();
  first.dev.child.kill('SIGINT');
  expect(await first.dev.ended, first.dev.output()).toBe(0);
  expect(await processesNaming(parent)).toEqual([]);

  const second = await start(folder);
  // Its instance boots again, as after a power failure, and is heard; it is no other instance.
  await second.dev.says(/launch.bootstrapped/);
  const after = await settled(second.cluster);
  expect(after?.status?.launch?.instanceID).toBe(before?.status?.launch?.instanceID);
  expect(after?.status?.provisions).toBe(1);
  await second.cluster.close();
  second.dev.child.kill('SIGTERM');
  expect(await second.dev.ended).toBe(0);
  // Nothing but what is kept.
  expect(await readdir(parent)).toEqual(['kept']);
});
