import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildPlugin } from '../../dev/plugin.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { KubectlError } from '../../src/plugin/base/kubectl.ts';
import { createProgram } from '../../src/plugin/program.ts';
import { type Kubectl, usable } from '../kubectl/kubectl.ts';
import { type OpenedPlugin, openPlugin } from './openedPlugin.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MOST_BYTES = 500_000;
const kubectls = await usable(['kubectl']);

const condition = (type: string, status: string, reason: string, message = '') => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const launch = {
  number: 2,
  generation: 2,
  cause: { kind: 'SecretChanged', ref: '2' },
  phase: 'Submitted',
  failures: 0,
};
const past = {
  number: 1,
  generation: 1,
  cause: { kind: 'Created', ref: '1' },
  outcome: 'Superseded',
  instanceID: 'i-1',
  endedAt: '2026-01-01T00:00:00Z',
};
const BOOTING = {
  conditions: [condition('Ready', 'False', 'Booting', 'i-2 is running; a first heartbeat is due.')],
  desired: { generation: 2, env: 'e', machine: 'm', cause: 'SecretChanged', at: '2026-01-01T00:00:00Z' },
  launch: { ...launch, instanceID: 'i-2' },
  instance: { id: 'i-2', state: 'running', type: 'm7i.large', zone: 'us-west-2-lax-1a' },
  provisions: 2,
  history: [past],
  terminating: [{ number: 1, instanceID: 'i-1' }],
};

/** What a subcommand needs besides a name, or to end soon where no operator runs. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  ssh: ['--print'],
  logs: ['--print'],
  canary: ['--class=standard', '--timeout=1', '--seconds=1'],
};

/** Builds the plugin as `npm run plugin` does; it is what people get that is tested. */
describe('the file', () => {
  test('is small, and asks for nothing but Node', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plugin-'));
    try {
      const file = join(folder, 'kubectl-workspace');
      await buildPlugin(file);
      expect((await stat(file)).size).toBeLessThan(MOST_BYTES);
      // With no packages about, by each Node that this machine has.
      for (const node of new Set([process.execPath, '/usr/bin/env'])) {
        const args = [...(node === process.execPath ? [] : ['node']), file, '--help'];
        const { stdout } = await promisify(execFile)(node, args, {
          cwd: folder,
          env: { PATH: process.env.PATH },
        });
        expect(stdout).toContain('Usage: kubectl-workspace');
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe.each(kubectls)('kubectl $version workspace', ({ binary }) => {
  let plugin: OpenedPlugin;
  let kubectl: Kubectl;
  let folder: string;
  beforeAll(async () => {
    plugin = await openPlugin(binary);
    ({ kubectl, folder } = plugin);
  });
  afterAll(async () => {
    await plugin?.close();
  });

  const status = (resource: string, name: string, value: object) =>
    kubectl.ok(
      'patch',
      resource,
      name,
      '--subresource=status',
      '--type=merge',
      `--patch=${JSON.stringify({ status: { observedGeneration: 99, ...value } })}`,
    );
  const spec = async () => JSON.parse(await kubectl.ok('get', 'wks', 'ada', '--output=json')).spec;
  const workspace = (...args: string[]) =>
    kubectl.run(['workspace', ...args], { env: { PATH: `${folder}${delimiter}${process.env.PATH}` } });

  /** The same without a process of its own, which costs three times as much. */
  async function asked(args: readonly string[]): Promise<{ code: number; stderr: string }> {
    const { program, code } = createProgram(systemClock, {
      write: () => undefined,
      tell: () => undefined,
      isScreen: false,
      isColoured: false,
    });
    try {
      await program.parseAsync([...args, `--kubeconfig=${join(folder, 'config')}`], { from: 'user' });
      return { code: code(), stderr: '' };
    } catch (error) {
      if (!(error instanceof KubectlError)) throw error;
      return { code: 1, stderr: error.message };
    }
  }

  test('each request of a person is one field of the spec, and the output is its consequence', async () => {
    expect(await workspace('stop', 'ada')).toMatchObject({ code: 0, stdout: 'ada: It is to stop.\n' });
    expect(await spec()).toMatchObject({ operatingMode: 'Stopped', paused: false });
    expect((await workspace('restart', 'ada')).stdout).toContain('its next start makes a new instance');
    expect((await spec()).requests.restart).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(JSON.parse((await workspace('stop', 'ada', '-o', 'json')).stdout)).toEqual({
      apiVersion: 'plugin.compute.molecule.ai/v1',
      kind: 'AskView',
      name: 'ada',
      namespace: 'default',
      asked: 'stop',
      said: 'It is to stop.',
    });
    await workspace('start', 'ada');
    await workspace('pause', 'ada', '--namespace', 'default');
    expect(await spec()).toMatchObject({ operatingMode: 'Running', paused: true });
    await workspace('resume', 'ada', '-n', 'default');
    expect((await spec()).paused).toBe(false);
  });

  test('status has the ledger, why has the condition’s message, and a script gets an exit code', async () => {
    expect(await workspace('why', 'ada')).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('NotSeen'),
    });
    await status('wks', 'ada', BOOTING);
    const { code, stdout } = await workspace('status', 'ada');
    expect(code).toBe(3);
    expect(stdout).toMatch(/^1 +Created 1 +i-1 +Superseded +ending$/m);
    expect(stdout).toMatch(/^2 +SecretChanged 2 +i-2 +present$/m);
    expect(stdout).toContain('i-2 is running; a first heartbeat is due.');
    expect(stdout).not.toContain('\u001B');
    const json = JSON.parse((await workspace('status', 'ada', '-o', 'json')).stdout);
    expect(json).toMatchObject({
      apiVersion: 'plugin.compute.molecule.ai/v1',
      kind: 'WorkspaceView',
      ready: false,
      provisions: 2,
      ledger: [
        { launch: 1, isEnding: true },
        { launch: 2, cause: 'SecretChanged 2' },
      ],
      why: { reason: 'Booting' },
    });
    expect(parse((await workspace('status', 'ada', '--output=yaml')).stdout)).toEqual(json);
    const ready = ['Ready', 'UpToDate'].map((type) => condition(type, 'True', type));
    await status('wks', 'ada', { conditions: ready });
    expect(await workspace('why', 'ada')).toMatchObject({ code: 0 });
    expect((await workspace('status')).stdout).toMatch(
      /^default +ada +standard +Ready +2\/2 +2 +i-2 running$/m,
    );
  });

  test('the console and a shell are commands of AWS’s CLI, in the region of the instance', async () => {
    const region = 'us-west-2';
    expect((await workspace('ssh', 'ada', '--print')).stdout).toBe(
      `aws ssm start-session --region ${region} --target i-2\n`,
    );
    expect(parse((await workspace('ssh', 'ada', '-o', 'yaml')).stdout)).toMatchObject({
      kind: 'CommandView',
      command: ['aws', 'ssm', 'start-session', '--region', region, '--target', 'i-2'],
    });
    expect((await workspace('logs', 'ada', '--print')).stdout).toContain(
      `--region ${region} --instance-id i-2`,
    );
  });

  test('a roll-out shows its progress, and one that is halted why', async () => {
    const rollout = { startedAt: '2026-01-01T00:00:00Z', total: 4, updated: 1 };
    const counts = { total: 4, current: 1, updating: 2, failing: 1 };
    const halted = [
      { content: '*', since: '2026-01-01T00:00:00Z', by: 'default/ada', message: 'It failed twice.' },
    ];
    const conditions = [condition('RolloutComplete', 'False', 'RolloutHalted', 'Replacements failed.')];
    await status('wksc', 'standard', { rollout, counts, halted, conditions });
    const { code, stdout } = await workspace('rollout', 'standard', '-w');
    expect(code).toBe(3);
    expect(stdout).toContain('standard: RolloutHalted. Replacements failed.');
    expect(stdout).toMatch(/^\[#{8}\.{22}\] 1 of 4$/m);
    expect(stdout).toContain('by default/ada: It failed twice.');
  });

  test('kubectl’s own errors are shown as they are, and wrong usage has its own exit code', async () => {
    expect(await workspace('why', 'nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('NotFound'),
    });
    expect(await workspace('status', '--context=none')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('none'),
    });
    expect((await workspace('dance', 'ada')).code).toBe(2);
    expect((await workspace('status', '-o', 'xml')).code).toBe(2);
  });

  test('a support bundle lists its files with their sizes, and what is not there with the reason', async () => {
    const path = join(folder, 'support.tar.gz');
    const { code, stdout } = await workspace('support-bundle', path);
    expect(code).toBe(0);
    const { stdout: listed } = await promisify(execFile)('tar', ['-xzOf', path, 'INDEX.txt']);
    expect(listed).toBe(stdout);
    expect(listed).toMatch(/^ +\d{3,} {2}workspaces\.json$/m);
    // This API server has no Deployments.
    expect(listed).toMatch(/^ {2}Deployments of the operator: .*doesn't have a resource type/m);
    expect(await workspace('support-bundle', path)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('EEXIST'),
    });
  });

  test('names complete', async () => {
    expect((await workspace('__complete', 'res')).stdout).toBe('restart\nresume\n:4\n');
    expect((await workspace('__complete', 'why', '')).stdout).toBe('ada\n:4\n');
    expect((await workspace('__complete', 'rollout', 's')).stdout).toBe('standard\n:4\n');
  });

  test('each subcommand needs the rights that its page has, and no others', async () => {
    const page = await readFile(join(ROOT, 'docs', 'plugin.md'), 'utf8');
    const rows = [...page.matchAll(/^\| (`[^|]+) \| [^|]+ \| (`[^|]+) \| `(\w+)` \|$/gm)];
    expect(rows.length).toBeGreaterThan(7);
    for (const [, commands = '', verbs = '', resource = ''] of rows) {
      const user = `only-${verbs.replaceAll(/\W+/g, '-')}${resource}`;
      const rule = {
        apiGroups: ['compute.molecule.ai'],
        resources: [resource],
        verbs: [...verbs.matchAll(/`(\w+)`/g)].map(([, verb]) => verb),
      };
      const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: user } };
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user };
      const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }];
      const file = join(folder, 'role.json');
      const items = [
        { ...rbac, kind: 'ClusterRole', rules: [rule] },
        { ...rbac, kind: 'ClusterRoleBinding', roleRef, subjects },
      ];
      await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
      await kubectl.ok('apply', '-f', file);
      for (const [index, [, words = '']] of [...commands.matchAll(/`([^`]+)`/g)].entries()) {
        const args = words.replace('NAME', 'ada').replace('CLASS', 'standard').split(' ');
        const more = MORE[words.split(' ')[0] ?? ''] ?? [];
        expect((await asked([...args, `--as=${user}`, ...more])).code, words).not.toBe(1);
        if (index > 0) continue;
        const denied = await asked([...args, '--as=nobody', ...more]);
        expect(denied, words).toMatchObject({ code: 1, stderr: expect.stringContaining('Forbidden') });
      }
    }
  });
});
