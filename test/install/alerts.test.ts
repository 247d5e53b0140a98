import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { askedOf, readDashboard } from '../alerts/dashboard.ts';
import { readAlerts } from '../alerts/rules.ts';
import { findPromtool } from '../support/programs/debianPackage.ts';
import { find, render } from './chart.ts';

const MONITORING = ['monitoring.coreos.com/v1/PrometheusRule'];
const TESTS = join(import.meta.dirname, 'alerts.promtool.yaml');
const ruleSpec = z.object({
  spec: z.object({ groups: z.array(z.looseObject({ rules: z.array(z.unknown()) })) }),
});
const cases = z.object({
  tests: z.array(
    z.object({
      name: z.string(),
      alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })),
    }),
  ),
});

async function rendered(more: Record<string, unknown> = {}) {
  const values = { metrics: { prometheusRule: { enabled: true, ...more } } };
  const manifests = await render(values, { apiVersions: MONITORING });
  return ruleSpec.parse(find(manifests, 'PrometheusRule', 'workspace-operator')).spec;
}

describe('the chart’s alerts', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alerts-'));
    await writeFile(join(folder, 'rules.yaml'), stringify(await rendered()));
    await cp(TESTS, join(folder, 'tests.yaml'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('are those of the plain file, and there are none where they are not asked for', async () => {
    const alerts = await readAlerts();
    expect((await rendered()).groups.flatMap(({ rules }) => rules)).toEqual(alerts);
    expect(
      (await render({}, { apiVersions: MONITORING })).filter(({ kind }) => kind === 'PrometheusRule'),
    ).toEqual([]);
    const moved = await rendered({ runbookURL: 'https://wiki.example/runbooks/' });
    expect(moved.groups[0]?.rules[0]).toMatchObject({
      annotations: { runbook_url: 'https://wiki.example/runbooks/WorkspaceOperatorDown.md' },
    });
  });

  test('are rules to Prometheus, and each fires when it should and is silent when it should', async () => {
    const promtool = await findPromtool();
    const run = promisify(execFile);
    const checked = await run(promtool, [
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      join(folder, 'rules.yaml'),
    ]);
    expect(checked.stdout).toMatch(/SUCCESS: \d+ rules found/);
    const tested = await run(promtool, ['test', 'rules', join(folder, 'tests.yaml')]).catch(
      ({ stdout, stderr }: { stdout: string; stderr: string }) => expect.fail(`${stdout}${stderr}`),
    );
    expect(tested.stdout).toContain('SUCCESS');
  });

  test('each query of the dashboard is one to Prometheus; the chart makes a ConfigMap of it for Grafana’s sidecar', async () => {
    const { panels } = await readDashboard();
    const rules = panels
      .flatMap(({ targets }) => targets)
      .map(({ expr }, index) => ({ record: `asked:${index}`, expr: askedOf(expr) }));
    const file = join(folder, 'queries.yaml');
    await writeFile(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
    const checked = await promisify(execFile)(await findPromtool(), ['check', 'rules', file]);
    expect(checked.stdout).toContain(`SUCCESS: ${rules.length} rules found`);
    const annotations = { grafana_folder: 'Platform' };
    const values = { metrics: { dashboard: { enabled: true, annotations } } };
    const configMap = find(await render(values), 'ConfigMap', 'workspace-operator-dashboard');
    expect(configMap?.metadata).toMatchObject({ labels: { grafana_dashboard: '1' }, annotations });
    const data = z.object({ data: z.record(z.string(), z.string()) }).parse(configMap).data;
    expect(JSON.parse(data['workspace-operator.json'] ?? '').panels).toHaveLength(panels.length);
  });

  test('have a case in which they fire and one in which they don’t', async () => {
    const all = cases.parse(parse(await readFile(TESTS, 'utf8'))).tests.flatMap((it) => it.alert_rule_test);
    for (const { alert } of await readAlerts()) {
      const own = all.filter(({ alertname }) => alertname === alert);
      expect(
        own.some((it) => it.exp_alerts.length > 0),
        `${alert} fires`,
      ).toBe(true);
      expect(
        own.some((it) => it.exp_alerts.length === 0),
        `${alert} is silent`,
      ).toBe(true);
    }
  });
});
