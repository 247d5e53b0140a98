import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseCommandLine } from '../../src/config/commandLine.ts';
import { find, isHook, LEAST, render } from './chart.ts';

const podSpec = z.looseObject({
  serviceAccountName: z.string(),
  securityContext: z.looseObject({ runAsNonRoot: z.literal(true) }),
  containers: z.tuple([
    z.looseObject({
      image: z.string(),
      args: z.array(z.string()),
      env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
      securityContext: z.strictObject({
        allowPrivilegeEscalation: z.literal(false),
        readOnlyRootFilesystem: z.literal(true),
        capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
      }),
    }),
  ]),
});
const pod = z.looseObject({ spec: podSpec });
const job = z.looseObject({ spec: z.looseObject({ template: z.looseObject({ spec: podSpec }) }) });

const FROM_SECRETS = {
  DATABASE_URL: 'postgres://db.example/w?sslmode=verify-full',
  WORKSPACE_KUBERNETES_NAMESPACE: 'workspace-system',
};

test.each(['controller', 'gateway'] as const)(
  'helm test checks the %s as it runs: same image, account and settings, hardened alike',
  async (part) => {
    const manifests = await render({ settings: { WORKSPACE_CONTROLLER_WORKERS: 16 } });
    const { spec } = pod.parse(find(manifests, 'Pod', `workspace-operator-check-${part}`));
    const [checking] = spec.containers;
    const running = job.parse(find(manifests, 'Deployment', `workspace-operator-${part}`)).spec.template.spec;
    const [container] = running.containers;
    expect(spec.serviceAccountName).toBe(running.serviceAccountName);
    expect(checking.image).toBe(container.image);
    expect(checking.env).toEqual(container.env);
    const env = Object.fromEntries(checking.env.map(({ name, value }) => [name, value]));
    expect(parseCommandLine(checking.args, { ...env, ...FROM_SECRETS })).toMatchObject({
      command: 'check',
      role: part,
      connectTo: part === 'gateway' ? 'workspace-operator-gateway.workspace-system.svc:443' : undefined,
      config: { controller: { workers: 16 } },
    });
  },
);

test.each(['Refuse', 'Keep'] as const)('an uninstall is judged by %s with the own image', async (policy) => {
  const manifests = await render({ uninstall: { policy } }, { release: 'mine' });
  const { spec } = job.parse(find(manifests, 'Job', 'workspace-operator-uninstall')).spec.template;
  const [{ args, image }] = spec.containers;
  expect(image).toBe('registry.example/workspace-operator:0.1.0');
  expect(parseCommandLine(args, {})).toMatchObject({ command: 'uninstall-check', policy, release: 'mine' });
});

test('no image but the operator’s is ever pulled, hooks included', async () => {
  const digest = `sha256:${'b'.repeat(64)}`;
  const text = JSON.stringify(await render({ image: { ...LEAST.image, digest } }));
  const images = new Set([...text.matchAll(/"image":"([^"]+)"/g)].map(([, image]) => image));
  expect([...images]).toEqual([`registry.example/workspace-operator@${digest}`]);
});

test('what the hook may do is its own account’s alone', async () => {
  const hooks = (await render()).filter((it) => isHook(it) && it.kind.endsWith('Binding'));
  expect(hooks).toHaveLength(2);
  for (const { subjects } of hooks)
    expect(subjects).toEqual([expect.objectContaining({ name: 'workspace-operator-uninstall' })]);
});

test('with a list of namespaces it asks about these alone, by Roles in each', async () => {
  const manifests = await render({ watchNamespaces: ['a', 'b'] });
  const hooks = manifests.filter(isHook);
  expect(hooks.filter(({ kind }) => kind.startsWith('Cluster'))).toEqual([]);
  const listing = hooks.filter(({ metadata }) => metadata.name.endsWith('system-uninstall'));
  expect(listing.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`).sort()).toEqual([
    'Role a',
    'Role b',
    'RoleBinding a',
    'RoleBinding b',
  ]);
  const { spec } = job.parse(find(manifests, 'Job', 'workspace-operator-uninstall')).spec.template;
  expect(spec.containers[0].env).toContainEqual({ name: 'WORKSPACE_WATCH_NAMESPACES', value: 'a,b' });
});

test('an uninstall that Values do not know is refused', async () => {
  await expect(render({ uninstall: { policy: 'Force' } })).rejects.toThrow(/policy/);
});
