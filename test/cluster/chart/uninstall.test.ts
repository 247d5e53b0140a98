import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHART } from '../../install/chart.ts';
import { until } from '../../scenarios/scene/until.ts';
import { auditedRequests } from '../real/auditLog.ts';
import { type HelmCluster, NAMESPACE, openHelmCluster } from './helmCluster.ts';
import { endJob, playJob } from './playedJob.ts';

const RELEASE = 'workspace-operator';
const JOB = 'workspace-operator-uninstall';

describe.each([3, 4] as const)('an uninstall with Helm %d', (major) => {
  let on: HelmCluster;
  beforeAll(async () => {
    on = await openHelmCluster(major);
    await on.install(RELEASE);
    await on.kubectl.ok('apply', '-f', 'deploy/examples/');
  });
  afterAll(() => on?.close());

  /** Without the hook's own, which Helm 3 leaves after a refusal until the next uninstall. */
  const objects = async () =>
    (await on.kubectl.ok('get', 'deployments,services,sa,roles', '-n', NAMESPACE, '-o', 'name')).replace(
      /^.*-uninstall\n/gm,
      '',
    );
  const statusOf = async () => /STATUS: (\S+)/.exec(await on.helm('status', RELEASE))?.[1];
  const refusedUninstall = () => on.helm('uninstall', RELEASE, '--timeout', '60s');

  test('is refused while Workspaces exist, removes nothing, and an upgrade works afterwards', async () => {
    const before = await objects();
    const [refusal, played] = await Promise.all([refusedUninstall().catch(String), playJob(on, JOB)]);
    expect(refusal).toMatch(/failed/);
    expect(played.code).toBe(3);
    expect(played.output).toMatch(
      /^Refused: 1 Workspace exists[\s\S]*\n {2}default\/ada\n[\s\S]*kubectl delete/,
    );
    expect(played.output).toContain('The release is deployed as before');
    expect(await statusOf()).toBe('deployed');
    expect(await objects()).toBe(before);
    const said = await on.helm(
      'upgrade',
      RELEASE,
      CHART,
      '--reset-then-reuse-values',
      '--set',
      'controller.replicas=3',
    );
    expect(said).toMatch(/deployed|upgraded/);
    expect(said).not.toMatch(/warn/i);
  });

  test('is refused after a rollback too, whose hooks are of an older revision', async () => {
    await on.helm('rollback', RELEASE, '1');
    const [, played] = await Promise.all([refusedUninstall().catch(String), playJob(on, JOB)]);
    expect(played.output).toContain('The release is deployed as before');
    expect(await statusOf()).toBe('deployed');
  });

  test('of which no process judges is shown as uninstalling until a rollback, as the documents say', async () => {
    const failing = until('there is a Job', async () => {
      const { code, stdout } = await on.kubectl.run(['get', 'job', JOB, '-n', NAMESPACE, '-o', 'json']);
      return code === 0 && !JSON.parse(stdout).status?.conditions;
    }).then(() => endJob(on.kubectl, JOB, false));
    await Promise.all([refusedUninstall().catch(String), failing]);
    expect(await statusOf()).toBe('uninstalling');
    await expect(on.helm('upgrade', RELEASE, CHART, '--reset-then-reuse-values')).rejects.toThrow(
      /no deployed releases/,
    );
    await on.helm('rollback', RELEASE);
    expect(await statusOf()).toBe('deployed');
    await on.helm('upgrade', RELEASE, CHART, '--reset-then-reuse-values');
  });

  test('with Keep goes through, says what stays, and a reinstall finds it', async () => {
    await on.helm('upgrade', RELEASE, CHART, '--reset-then-reuse-values', '--set', 'uninstall.policy=Keep');
    const [said, played] = await Promise.all([refusedUninstall(), playJob(on, JOB)]);
    expect(said).toContain('uninstalled');
    expect(played.code).toBe(0);
    expect(played.output).toMatch(
      /uninstall.policy is Keep[\s\S]*default\/ada\n[\s\S]*workspace-operator-keys/,
    );
    expect(await on.kubectl.ok('get', 'wks', '-A', '-o', 'name')).toContain('ada');
    const left = await on.kubectl.ok('get', 'sa,roles,jobs', '-n', NAMESPACE, '-o', 'name');
    expect(left).not.toContain('workspace-operator');
    expect(await on.install(RELEASE)).toContain('STATUS: deployed');
  });

  test('goes through once the last Workspace is gone', async () => {
    await on.kubectl.ok('delete', 'wks', '--all', '-A', '--wait');
    const [said, played] = await Promise.all([refusedUninstall(), playJob(on, JOB)]);
    expect(said).toContain('uninstalled');
    expect(played.output).toContain('No Workspace exists');
  });

  test('took what the account of the hook was granted, and nothing more', () => {
    const user = `system:serviceaccount:${NAMESPACE}:${JOB}`;
    const used = auditedRequests(on.cluster.auditLog).filter((request) => request.user === user);
    expect(used.length).toBeGreaterThan(0);
    expect([...new Set(used.map(({ verb, resource }) => `${verb} ${resource}`))].sort()).toEqual([
      'list secrets',
      'list workspaces',
      'patch secrets',
    ]);
  });
});
