import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { CHART_SETTINGS } from '../../dev/generate/deploy/chartSchema.ts';
import { parseCommandLine } from '../../src/config/commandLine.ts';
import { grantsOf } from '../cluster/accounts/grants.ts';
import { find, isHook, LEAST, type Manifest, render, type Values } from './chart.ts';

const PARTS = ['controller', 'gateway'] as const;
const named = z.object({ name: z.string(), value: z.string().optional(), valueFrom: z.unknown().optional() });
const deployment = z.object({
  spec: z.object({
    replicas: z.number(),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({
        serviceAccountName: z.string(),
        securityContext: z.looseObject({}),
        volumes: z.array(z.looseObject({ name: z.string() })),
        containers: z.tuple([
          z.looseObject({
            image: z.string(),
            args: z.array(z.string()),
            env: z.array(named),
            securityContext: z.looseObject({}),
            resources: z.looseObject({ limits: z.record(z.string(), z.string()) }),
            volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
          }),
        ]),
      }),
    }),
  }),
});

function podOf(manifests: readonly Manifest[], part: (typeof PARTS)[number]) {
  const { spec } = deployment.parse(find(manifests, 'Deployment', `workspace-operator-${part}`));
  const [container] = spec.template.spec.containers;
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  return { ...spec, pod: spec.template.spec, container, env };
}

/** As the container has it: what comes from Secrets and the Pod is there. */
function environmentOf(manifests: readonly Manifest[], part: (typeof PARTS)[number]) {
  const { env } = podOf(manifests, part);
  return {
    ...env,
    DATABASE_URL: 'postgres://db.example/w?sslmode=verify-full',
    WORKSPACE_KUBERNETES_NAMESPACE: 'workspace-system',
  };
}

describe('what the chart passes on', () => {
  test.each(PARTS)('is what the %s starts with, and nothing is lacking', async (part) => {
    const manifests = await render();
    const { container } = podOf(manifests, part);
    const given = parseCommandLine(container.args, environmentOf(manifests, part));
    expect(given).toMatchObject({
      role: part,
      config: {
        aws: { region: 'eu-central-1' },
        gateway: { url: 'https://gateway.example', listenPort: 8443 },
      },
    });
  });

  test('each setting arrives as it was given, the largest numbers too', async () => {
    const settings = Object.fromEntries(
      CHART_SETTINGS.map(({ env, default: value, values }) => [
        env,
        value === undefined
          ? values === 'a URL'
            ? 'https://a.example'
            : 'text'
          : /^[0-9]+$/.test(value)
            ? Number(value)
            : value,
      ]),
    );
    const manifests = await render({ settings });
    for (const part of PARTS) {
      const { container } = podOf(manifests, part);
      expect(() => parseCommandLine(container.args, environmentOf(manifests, part))).not.toThrow();
      expect(podOf(manifests, part).env).toMatchObject(
        Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
      );
    }
    expect(settings.WORKSPACE_GATEWAY_RETENTION_MS).toBe(1_209_600_000);
  });

  test('every file that a setting names is mounted', async () => {
    const gateway = { ...LEAST.gateway, ca: { existingConfigMap: 'ca', key: 'bundle.pem' } };
    const manifests = await render({ gateway });
    for (const part of PARTS) {
      const { env, container, pod } = podOf(manifests, part);
      const files = Object.entries(env).filter(([name]) => name.endsWith('_FILE'));
      expect(files.length).toBeGreaterThan(0);
      for (const [, path = ''] of files) {
        const mount = container.volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
        expect(pod.volumes.map(({ name }) => name)).toContain(mount?.name);
      }
    }
  });
});

describe('what the chart refuses', () => {
  test.each<[string, Values, RegExp]>([
    ['an unknown value', { replicas: 3 }, /replicas/],
    ['a misspelt one inside', { gateway: { ...LEAST.gateway, replica: 3 } }, /replica/],
    ['an unknown setting', { settings: { WORKSPACE_WORKERS: 3 } }, /WORKSPACE_WORKERS/],
    ['a setting that has a value of its own', { settings: { DATABASE_URL: 'postgres://a' } }, /DATABASE_URL/],
    ['no region', { aws: { region: '' } }, /region/],
    ['no image', { image: { repository: '' } }, /repository/],
    ['a digest that is none', { image: { ...LEAST.image, digest: 'latest' } }, /digest/],
    ['a gateway without TLS', { gateway: { ...LEAST.gateway, url: 'http://gateway' } }, /url/],
    ['no database', { database: { existingSecret: '' } }, /existingSecret/],
    ['no certificate', { gateway: { ...LEAST.gateway, tls: { existingSecret: '' } } }, /existingSecret/],
    ['no replica at all', { controller: { replicas: 0 } }, /replicas/],
  ])('%s', async (_what, values, said) => {
    await expect(render(values)).rejects.toThrow(said);
  });

  test('it accepts what a parent chart sets', async () => {
    await expect(render({ global: { any: 1 }, enabled: true })).resolves.toBeDefined();
  });
});

describe('the pods', () => {
  test.each(PARTS)(
    'of the %s pass Pod Security "restricted", and write nowhere but to /tmp',
    async (part) => {
      const { pod, container } = podOf(await render(), part);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(pod.volumes.filter((volume) => 'hostPath' in volume)).toEqual([]);
      const writable = container.volumeMounts.filter(({ readOnly }) => readOnly !== true);
      expect(writable.map(({ mountPath }) => mountPath)).toEqual(['/tmp']);
      expect(Object.keys(container.resources.limits)).toEqual(['memory']);
    },
  );

  test.each(PARTS)('the probes of the %s wait for a node without CPU to spare', async (part) => {
    const { template } = deployment.parse(
      find(await render(), 'Deployment', `workspace-operator-${part}`),
    ).spec;
    const [{ readinessProbe, livenessProbe }] = template.spec.containers;
    for (const probe of [readinessProbe, livenessProbe]) expect(probe).toMatchObject({ timeoutSeconds: 5 });
  });

  test('each is found by its own Deployment, budget and policy, and by no other', async () => {
    const manifests = await render({ commonLabels: { team: 'platform' } });
    const [controller, gateway] = PARTS.map((part) => podOf(manifests, part));
    const matches = (
      selector: Record<string, string> | undefined,
      labels: Record<string, string> | undefined,
    ) => Object.entries(selector ?? {}).every(([name, value]) => labels?.[name] === value);
    const [mine, others] = [controller?.template.metadata.labels, gateway?.template.metadata.labels];
    expect(matches(controller?.selector.matchLabels, mine)).toBe(true);
    expect(matches(controller?.selector.matchLabels, others)).toBe(false);
    expect(controller?.selector.matchLabels).not.toHaveProperty('team');
    for (const kind of ['PodDisruptionBudget', 'NetworkPolicy'])
      for (const part of PARTS) expect(find(manifests, kind, `workspace-operator-${part}`)).toBeDefined();
  });

  test('an image digest wins over the tag', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const manifests = await render({ image: { ...LEAST.image, tag: '9', digest } });
    expect(podOf(manifests, 'gateway').container.image).toBe(`registry.example/workspace-operator@${digest}`);
  });
});

describe('rights', () => {
  const SPLIT = join(import.meta.dirname, '..', '..', 'deploy', 'rbac-split.yaml');

  test('are those of deploy/rbac-split.yaml, which the scenarios prove, and no others', async () => {
    const documents = (await readFile(SPLIT, 'utf8')).split('\n---\n').map((text) => parse(text) as unknown);
    const rendered = (await render({ aggregatedRoles: false })).filter((it) => !isHook(it));
    const sorted = (grants: ReturnType<typeof grantsOf>) =>
      grants.map((grant) => JSON.stringify(grant)).sort();
    expect(sorted(grantsOf(rendered))).toEqual(sorted(grantsOf(documents)));
  });

  test('are those of deploy/rbac-namespaces.yaml with a list of namespaces, and both parts are given the list', async () => {
    const file = join(import.meta.dirname, '..', '..', 'deploy', 'rbac-namespaces.yaml');
    const documents = (await readFile(file, 'utf8')).split('\n---\n').map((text) => parse(text) as unknown);
    const manifests = await render({ aggregatedRoles: false, watchNamespaces: ['default'] });
    const sorted = (grants: ReturnType<typeof grantsOf>) =>
      grants.map((grant) => JSON.stringify(grant)).sort();
    expect(sorted(grantsOf(manifests.filter((it) => !isHook(it))))).toEqual(sorted(grantsOf(documents)));
    for (const part of PARTS)
      expect(podOf(manifests, part).container.env).toContainEqual({
        name: 'WORKSPACE_WATCH_NAMESPACES',
        value: 'default',
      });
  });

  test('to Secrets of tenants are bound in the namespaces that are listed, and else everywhere', async () => {
    const environments = 'workspace-operator-workspace-system-gateway-environments';
    const bindings = (manifests: readonly Manifest[]) =>
      manifests
        .filter(({ kind, metadata }) => kind.endsWith('RoleBinding') && metadata.name === environments)
        .map(({ kind, metadata }) => [kind, metadata.namespace]);
    expect(bindings(await render())).toEqual([['ClusterRoleBinding', undefined]]);
    expect(bindings(await render({ tenantNamespaces: ['a', 'b'] }))).toEqual([
      ['RoleBinding', 'a'],
      ['RoleBinding', 'b'],
    ]);
  });

  test('that tenants get never reach a status', async () => {
    const aggregated = (await render()).filter(({ metadata }) =>
      JSON.stringify(metadata).includes('aggregate-to'),
    );
    expect(aggregated).toHaveLength(2);
    expect(grantsOf(aggregated).filter(({ resource }) => resource !== 'workspaces')).toEqual([]);
  });
});

test('the definitions are those of crds/, and stay when the release goes', async () => {
  const manifests = await render();
  const definitions = manifests.filter(({ kind }) => kind === 'CustomResourceDefinition');
  expect(definitions).toHaveLength(2);
  for (const { metadata, ...rest } of definitions) {
    const file = join(import.meta.dirname, '..', '..', 'crds', `${metadata.name}.yaml`);
    const { metadata: _, ...wanted } = parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    expect(rest).toEqual(wanted);
    expect(metadata.annotations).toMatchObject({ 'helm.sh/resource-policy': 'keep' });
  }
  expect((await render({ crds: { install: false } })).map(({ kind }) => kind)).not.toContain(
    'CustomResourceDefinition',
  );
});

test('the same values give the same manifests', async () => {
  expect(await render()).toEqual(await render());
});
