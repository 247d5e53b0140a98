import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { passed } from '../../../src/doctor/finding.ts';
import { createKubectl } from '../../../src/plugin/base/kubectl.ts';
import { collect } from '../../../src/plugin/bundle/collect.ts';
import { examine } from '../../../src/plugin/doctor/examine.ts';
import { RIGHTS } from '../../../src/plugin/doctor/rightsOfCaller.ts';
import { deployment, NAMESPACE } from '../../plugin/playedKubectl.ts';
import { auditedRequests } from '../real/auditLog.ts';
import { ownCluster, realCluster } from '../real/ownCluster.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CONTROLLER = { image: 'operator:1', name: 'controller' };

describe('subcommands of kubectl workspace that look at the operator, on a real API server', () => {
  let own: Awaited<ReturnType<typeof ownCluster>>;
  let folder: string;
  const apply = async (...objects: object[]) => {
    const result = await own.kubectl.run(['apply', '--filename=-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    });
    expect(result.stderr).toBe('');
  };
  beforeAll(async () => {
    own = await ownCluster();
    folder = await mkdtemp(join(tmpdir(), 'plugin-rights-'));
    // The plugin runs the kubectl that is on PATH.
    await symlink(realCluster().kubectl, join(folder, 'kubectl'));
    vi.stubEnv('PATH', [folder, process.env.PATH].join(delimiter));
    await own.kubectl.ok('apply', '--server-side', '--filename', join(ROOT, 'crds'));
    await own.kubectl.ok('wait', '--for=condition=Established', 'crd', '--all');
    await own.kubectl.ok('create', 'namespace', NAMESPACE);
    const parts = ['controller', 'gateway'].map((part) => deployment(part)) as {
      metadata: { labels: object };
    }[];
    await apply(
      ...parts.map((it) => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        ...it,
        spec: { ...(it as { spec?: object }).spec, selector: { matchLabels: it.metadata.labels } },
      })),
      ...parts.map(({ metadata }, at) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...metadata, name: `pod-${at}` },
        spec: { automountServiceAccountToken: false, containers: [CONTROLLER] },
      })),
      ...['gateway-ca', 'ec2-identity'].map((name) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: NAMESPACE },
        data: {},
      })),
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'workspace-operator', namespace: NAMESPACE },
        spec: { holderIdentity: 'a', leaseDurationSeconds: 1 },
      },
    );
    for (const at of [0, 1])
      await own.kubectl.ok(
        'patch',
        'pod',
        `pod-${at}`,
        `--namespace=${NAMESPACE}`,
        '--subresource=status',
        '--patch',
        '{"status":{"phase":"Running"}}',
      );
    const examples = join(ROOT, 'deploy', 'examples');
    await own.kubectl.ok(
      'create',
      '-f',
      join(examples, 'class.yaml'),
      '-f',
      join(examples, 'workspace.yaml'),
    );
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await own?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  /** A kubectl of an account that has these rights, and no others. */
  async function accountFor(command: string) {
    const name = `only-${command}`;
    const rules = (where: string) =>
      RIGHTS.filter((right) => right.by.includes(command) && right.where === where).map(
        ({ group, resource, verb }) => ({
          apiGroups: [group],
          resources: [resource],
          verbs: [verb],
        }),
      );
    const rbac = 'rbac.authorization.k8s.io';
    const subjects = [{ kind: 'ServiceAccount', name, namespace: 'default' }];
    const role = (kind: string, place: object, of: object[]) => [
      { apiVersion: `${rbac}/v1`, kind, metadata: { name, ...place }, rules: of },
      {
        apiVersion: `${rbac}/v1`,
        kind: `${kind}Binding`,
        metadata: { name, ...place },
        subjects,
        roleRef: { apiGroup: rbac, kind, name },
      },
    ];
    // Where Workspaces are, a bundle looks for values of Secrets too.
    const secrets = rules('operator').filter(({ resources }) => resources.includes('secrets'));
    await apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'default' } },
      ...role('ClusterRole', {}, rules('workspaces')),
      ...role('Role', { namespace: NAMESPACE }, rules('operator')),
      ...(secrets.length > 0 ? role('Role', { namespace: 'default' }, secrets) : []),
    );
    const token = (await own.kubectl.ok('create', 'token', name, '--namespace=default')).trim();
    const admin = parse(own.cluster.kubeconfig) as { users: { name: string }[] };
    const users = admin.users.map((user) => ({ name: user.name, user: { token } }));
    const file = join(folder, name);
    await writeFile(file, stringify({ ...admin, users }), { mode: 0o600 });
    return {
      kubectl: createKubectl([`--kubeconfig=${file}`]),
      user: `system:serviceaccount:default:${name}`,
    };
  }

  /** What the account asked for, by the API server's own log. */
  function askedBy(user: string) {
    const all = auditedRequests(own.cluster.auditLog).filter(
      (it) => it.user === user && it.resource !== '' && !it.resource.startsWith('selfsubject'),
    );
    return {
      refused: all.filter(({ forbidden }) => forbidden).map(({ verb, resource }) => `${verb} ${resource}`),
      used: new Set(all.map(({ verb, resource }) => `${verb} ${resource}`)),
    };
  }

  const rightsOf = (command: string) =>
    RIGHTS.filter(({ by }) => by.includes(command)).map(({ verb, resource }) => `${verb} ${resource}`);

  test('doctor asks for nothing beyond the rights of its page, and for each of them', async () => {
    const { kubectl, user } = await accountFor('doctor');
    const results = await examine({
      kubectl,
      clock: systemClock,
      operatorNamespace: NAMESPACE,
      suffix: 'a',
      reach: async () => passed('gateway', 'x', 'y'),
      onResult: () => undefined,
    });
    expect(JSON.stringify(results)).not.toMatch(/orbidden/);
    const { used, refused } = askedBy(user);
    expect(refused).toEqual([]);
    // By websocket, or where that fails otherwise: a kubectl uses one of the two.
    const isExec = (right: string) => right.endsWith('pods/exec');
    expect([...used].filter((right) => !isExec(right)).sort()).toEqual(
      rightsOf('doctor')
        .filter((right) => !isExec(right))
        .sort(),
    );
    expect([...used].some(isExec)).toBe(true);
  });

  test('so does support-bundle', async () => {
    const { kubectl, user } = await accountFor('support-bundle');
    const { leftOut, files } = await collect({
      kubectl,
      namespace: undefined,
      operatorNamespace: NAMESPACE,
      readSecrets: true,
      lines: 10,
      versions: {},
      onStep: () => undefined,
    });
    expect(JSON.stringify(leftOut)).not.toMatch(/orbidden/);
    const { used, refused } = askedBy(user);
    expect(refused).toEqual([]);
    expect([...used].sort()).toEqual(rightsOf('support-bundle').sort());
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['workspaces.json', 'operator/pods.json']),
    );
  });
});
