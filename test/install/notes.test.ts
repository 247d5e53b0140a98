import { expect, test } from 'vitest';
import { find, LEAST, notes, render, type Values } from './chart.ts';

test.each<[string, Values]>([
  ['by default', {}],
  ['under another name', { fullnameOverride: 'mine' }],
])('the notes %s name what the release has', async (_how, values) => {
  const [said, manifests] = await Promise.all([notes(values), render(values)]);
  const named = [...said.matchAll(/^ {2}kubectl -n workspace-system .*\b(deployment|service)[/ ](\S+)$/gm)];
  expect(named.map(([, kind]) => kind)).toEqual(['deployment', 'service']);
  for (const [, kind = '', name = ''] of named)
    find(manifests, kind === 'service' ? 'Service' : 'Deployment', name);
  expect(said).toContain('\n  helm test workspace-operator -n workspace-system --logs\n');
});

const enabled = { enabled: true };
test.each<[string, Values, RegExp]>([
  ['where the name belongs', {}, /point the name in https:\/\/gateway\.example at that Service/],
  ['that the gateway may read every Secret', {}, /tenantNamespaces is empty/],
  [
    'which monitors are left out',
    { metrics: { serviceMonitor: enabled } },
    /know the kind ServiceMonitor, so there is none/,
  ],
  [
    'that rules are left out',
    { metrics: { prometheusRule: enabled } },
    /know the kind PrometheusRule, so there is none/,
  ],
  [
    'what one gateway means',
    { gateway: { ...LEAST.gateway, replicas: 1 } },
    /There is one gateway: .* no instance is heard/,
  ],
  [
    'what one controller means',
    { controller: { replicas: 1 } },
    /There is one controller: .* nothing is reconciled/,
  ],
  ['that an uninstall is refused', {}, /helm uninstall is refused while Workspaces exist/],
  ['what an uninstall keeps', { uninstall: { policy: 'Keep' } }, /keeps Workspaces and their instances/],
])('the notes say %s, and only then', async (_what, values, pattern) => {
  expect(await notes(values)).toMatch(pattern);
  const others: Values = {
    gateway: { ...LEAST.gateway, url: 'https://elsewhere.example' },
    tenantNamespaces: ['team-a'],
    ...('uninstall' in values ? {} : { uninstall: { policy: 'Keep' } }),
  };
  expect(await notes(others)).not.toMatch(pattern);
});
