import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../scenarios/scene/until.ts';
import { type HelmCluster, openHelmCluster } from './helmCluster.ts';

const ADA = ['--as=ada', '--as-group=team'];

let on: HelmCluster;
beforeAll(async () => {
  on = await openHelmCluster(4);
  const flags = ['classUse', 'deletionProtection'].map((name) => `admission.${name}.enabled=true`);
  await on.install('workspace-operator', '--set', flags.join(','));
  await on.kubectl.ok('apply', '-f', 'deploy/examples/class.yaml');
  // No controller aggregates roles here, so the chart's parts of view and edit are bound themselves.
  for (const role of ['view', 'edit'])
    await on.kubectl.ok(
      'create',
      'rolebinding',
      `team-${role}`,
      `--clusterrole=workspace-operator-workspace-system-${role}`,
      '--group=team',
      '-n',
      'default',
    );
});
afterAll(() => on?.close());

const manifest = (name: string, className: string, extra = '') =>
  `{"apiVersion":"compute.molecule.ai/v1alpha1","kind":"Workspace","metadata":{"name":"${name}","namespace":"default"},"spec":{"className":"${className}"${extra}}}`;
const apply = (text: string, as = ADA) => on.kubectl.run(['apply', ...as, '-f', '-'], { input: text });

test('a class is for those who may use it, with any rights on Workspaces', async () => {
  // The aggregated role and the policies take a moment to be heeded.
  const refused = await until('the policy is heeded', async () => {
    const { code, stderr } = await apply(manifest('ada', 'standard'));
    if (code === 0) await on.kubectl.ok('delete', 'wks', 'ada', '-n', 'default');
    return /may not use/.test(stderr) ? stderr : undefined;
  });
  expect(refused).toContain('ada may not use WorkspaceClass standard: ask for the verb use on it');
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'use-standard' },
    rules: [
      {
        apiGroups: ['compute.molecule.ai'],
        resources: ['workspaceclasses'],
        resourceNames: ['standard'],
        verbs: ['use'],
      },
    ],
  };
  expect(await apply(JSON.stringify(role), [])).toMatchObject({ code: 0 });
  await on.kubectl.ok(
    'create',
    'rolebinding',
    'use-standard',
    '--clusterrole=use-standard',
    '--group=team',
    '-n',
    'default',
  );
  await until('she may use it', async () => (await apply(manifest('ada', 'standard'))).code === 0);
  // Another class is another right, and an edit that leaves the class alone asks for none.
  expect((await apply(manifest('eve', 'large'))).stderr).toContain('may not use WorkspaceClass large');
  await on.kubectl.ok('delete', 'rolebinding', 'use-standard', '-n', 'default');
  await until(
    'she may not create another',
    async () => (await apply(manifest('bob', 'standard'))).code !== 0,
  );
  const edited = manifest('ada', 'standard', ',"env":[{"name":"EDITOR","value":"vim"}]');
  expect(await apply(edited)).toMatchObject({ code: 0, stderr: '' });
});

test('what is labelled is not deleted, by an administrator either, until the label is gone', async () => {
  const label = 'compute.molecule.ai/deletion-protection';
  for (const what of ['wks/ada', 'wksc/standard']) {
    await on.kubectl.ok('label', what, `${label}=true`, '-n', 'default');
    expect(await on.kubectl.fails('delete', what, '-n', 'default', '--wait=false')).toMatch(
      /is protected from deletion: remove its label compute.molecule.ai\/deletion-protection first/,
    );
    await on.kubectl.ok('label', what, `${label}=false`, '--overwrite', '-n', 'default');
    await on.kubectl.ok('delete', what, '-n', 'default', '--wait=false');
  }
});

// A collection is deleted without the names of what is in it; and the end of a definition asks no policy about its objects.
test.each([
  [
    'with all of its namespace',
    ['wks', '--all', '-n', 'default'],
    /Workspace kept is protected from deletion/,
  ],
  ['with its definition', ['crd', 'workspaces.compute.molecule.ai'], /would delete all its objects/],
  ['with all definitions', ['crd', '--all'], /would delete all its objects/],
])('what is labelled is not deleted %s', async (_how, target, refusal) => {
  const kept = JSON.parse(manifest('kept', 'standard'));
  kept.metadata.labels = { 'compute.molecule.ai/deletion-protection': 'true' };
  expect(await apply(JSON.stringify(kept), [])).toMatchObject({ code: 0 });
  expect(await on.kubectl.fails('delete', ...target, '--wait=false')).toMatch(refusal);
  const shown = JSON.parse(await on.kubectl.ok('get', 'wks/kept', '-n', 'default', '-o', 'json'));
  expect(shown.metadata.deletionTimestamp).toBeUndefined();
});
