import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { describeOnNode } from './bed.ts';
import { createHelm, RELEASE } from './helm.ts';
import { PARTS, processOf } from './inside.ts';
import { createNodeScene, type NodeScene } from './scene.ts';

const MOST_MS = 60_000;

describeOnNode('a fresh install', () => {
  let scene: NodeScene;
  beforeAll(async () => {
    scene = await createNodeScene();
  });
  afterAll(() => scene?.close());

  test.each([3, 4] as const)(
    'with Helm %i is ready within a minute, where Pod Security is "restricted"',
    async (version) => {
      await scene.helm.run('uninstall', RELEASE, '--wait', '--no-hooks');
      const helm = await createHelm(scene.bed, version, OPERATOR_NAMESPACE);
      try {
        const began = systemClock.monotonic();
        expect(await helm.apply('install', scene.values)).toMatch(/STATUS: deployed/);
        const took = systemClock.monotonic() - began;
        console.log(`helm ${version} install --wait took ${(took / 1_000).toFixed(1)} s`);
        expect(took).toBeLessThan(MOST_MS);
      } finally {
        await helm.close();
      }
      const pods = await scene.kubectl.ok('get', 'pods', '-n', OPERATOR_NAMESPACE, '-o', 'json');
      const { items } = JSON.parse(pods) as {
        items: {
          metadata: { deletionTimestamp?: string; labels: Record<string, string> };
          status: { containerStatuses: { restartCount: number; ready: boolean }[] };
        }[];
      };
      // A gateway of the release before goes on for ten seconds, and Pods of `helm test` stay.
      const present = items.filter(
        ({ metadata: { deletionTimestamp, labels } }) =>
          deletionTimestamp === undefined &&
          PARTS.some((part) => labels['app.kubernetes.io/component'] === part),
      );
      const containers = present.flatMap(({ status }) => status.containerStatuses);
      expect(containers).toHaveLength(4);
      expect(containers.filter(({ restartCount, ready }) => restartCount > 0 || !ready)).toEqual([]);
    },
  );

  test.each(PARTS)(
    'runs the %s as 65532 without a capability, on a root that it can not write to',
    async (part) => {
      const { residentMiB, cpuSeconds, ...rest } = await processOf(scene, part);
      console.log(
        `${part}: ${residentMiB.toFixed(0)} MiB resident, ${cpuSeconds.toFixed(1)} s of CPU since it started`,
      );
      expect(rest).toEqual({
        uid: '65532',
        capabilities: '0000000000000000',
        noNewPrivileges: '1',
        // A filter.
        seccomp: '2',
        write: 'EROFS',
      });
    },
  );
});
