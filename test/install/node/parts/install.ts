import { readFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { OPERATOR_NAMESPACE } from '../../../../dev/stack/install.ts';
import { systemClock } from '../../../../src/controller/lib/clock.ts';
import { until } from '../../../scenarios/scene/until.ts';
import type { Values } from '../../chart.ts';
import { theBed } from '../bed/bed.ts';
import { createHelm, RELEASE } from '../helm.ts';
import type { NodeScene } from '../scene.ts';
import { PARTS, processOf } from './inside.ts';
import {
  certificateWrong,
  databaseAway,
  definitionsOlder,
  type Fault,
  rightMissing,
} from './plantedFaults.ts';

const MOST_MS = 60_000;

/** For how long something on this machine has waited for a CPU, ms; 0 where Linux does not count that. */
async function waitedForCPU(): Promise<number> {
  const text = await readFile('/proc/pressure/cpu', 'utf8').catch(() => '');
  return Number(/^some .*total=(\d+)/m.exec(text)?.[1] ?? 0) / 1_000;
}

/** In an empty cluster, within a minute; what other work on the machine takes is not the chart's. */
export async function install(version: 3 | 4, values: Values): Promise<void> {
  const helm = await createHelm(theBed(), version, OPERATOR_NAMESPACE);
  try {
    const [began, waitedBefore] = [systemClock.monotonic(), await waitedForCPU()];
    expect(await helm.apply('install', values)).toMatch(/STATUS: deployed/);
    const took = systemClock.monotonic() - began;
    const waited = (await waitedForCPU()) - waitedBefore;
    console.log(
      `of ${(took / 1_000).toFixed(1)} s something waited for a CPU in ${(waited / 1_000).toFixed(1)} s`,
    );
    expect(took - waited).toBeLessThan(MOST_MS);
  } finally {
    await helm.close();
  }
}

/** By Helm 3, and then by Helm 4. */
export function freshInstalls(sceneOf: () => NodeScene): void {
  describe('a fresh install', () => {
    let scene: NodeScene;
    beforeAll(() => {
      scene = sceneOf();
    });

    test.each([3, 4] as const)(
      'with Helm %i is ready within a minute, where Pod Security is "restricted"',
      async (version) => {
        if (version === 4) {
          await scene.helm.run('uninstall', RELEASE, '--wait', '--no-hooks');
          await install(version, scene.values);
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

    describe('helm test', () => {
      let takeBack: (() => Promise<unknown>) | undefined;
      afterEach(async () => {
        await takeBack?.();
        takeBack = undefined;
      });

      /** What the checks print, of both pods, and whether Helm says that they succeeded. */
      async function run(): Promise<{ succeeded: boolean; said: string }> {
        const succeeded = await scene.helm.run('test', RELEASE, '--logs', '--timeout', '120s').then(
          () => true,
          () => false,
        );
        const logs = await Promise.all(
          PARTS.map((part) =>
            scene.kubectl.run(['logs', '-n', OPERATOR_NAMESPACE, `${RELEASE}-check-${part}`]),
          ),
        );
        return { succeeded, said: logs.map(({ stdout }) => stdout).join('\n') };
      }

      test('is green', async () => {
        const { succeeded, said } = await run();
        expect(said).not.toMatch(/FAIL/);
        expect(said.match(/All \d+ checks passed/g)).toHaveLength(2);
        expect(succeeded).toBe(true);
      });

      test.each<[string, Fault, RegExp]>([
        ['the database is away', databaseAway, /^FAIL.*database.*Postgres 10\.123\.0\.1:5432/m],
        ['the gateway lacks a right', rightMissing, /^FAIL.*rights.*secrets\/workspace-operator-keys/m],
        [
          'the definitions are older',
          definitionsOlder,
          /^FAIL.*definitions.*lacks 1 fields?: status\.provisions/m,
        ],
      ])('is red when %s, and says so', async (_what, plant, cause) => {
        takeBack = await plant(scene);
        const { succeeded, said } = await run();
        expect(said).toMatch(cause);
        expect(succeeded).toBe(false);
      });

      test('is red when the certificate is for another host, once gateways show it, and says so', async () => {
        takeBack = await certificateWrong(scene);
        await until('a check sees the certificate', async () => {
          const { succeeded, said } = await run();
          return !succeeded && /^FAIL.*gateway.*its certificate is for DNS:elsewhere\.example/m.test(said);
        });
      });
    });
  });
}
