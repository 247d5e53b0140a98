import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { z } from 'zod';
import { VIOLATIONS } from '../../../src/api/reasons/violations.ts';
import { createNamespaceMetrics } from '../../../src/cluster/namespaceMetrics.ts';
import { createBuildMetrics, readBuildInfo } from '../../../src/config/buildInfo.ts';
import { createFileMetrics } from '../../../src/config/liveFiles.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';
import { createEc2Metrics } from '../../../src/ec2/calls/metrics.ts';
import { createEventMetrics } from '../../../src/ec2/events/metrics.ts';
import { createGatewayMetrics, createStoreMetrics } from '../../../src/gateway/base/metrics.ts';
import { DROPPED } from '../../../src/gateway/handlers/report.ts';
import { createTrustMetrics } from '../../../src/operator/trustWatch.ts';
import { createClassMetrics } from '../../../src/reconcilers/class/metrics.ts';
import { createFigureMetrics } from '../../../src/reconcilers/figures/metrics.ts';
import { ORPHAN_VERDICTS, type OrphanHold } from '../../../src/reconcilers/orphans/decide/judge.ts';
import { createOrphanMetrics } from '../../../src/reconcilers/orphans/metrics.ts';
import { createWorkspaceMetrics } from '../../../src/reconcilers/workspace/metrics.ts';
import { failureCauses } from './causesDocs.ts';
import { code, GENERATED, table } from './markdown.ts';
import { classEvents, operatorEvents, workspaceEvents } from './reasonsDocs.ts';

const HOLDS: Readonly<Record<Exclude<OrphanHold, 'NotLookedYet'>, string>> = {
  Reporting: 'the default',
  ListEmpty: 'there is no Workspace at all',
  NoEvidence: 'heartbeats can’t be judged, or not for as long as the grace',
};

function listed(meanings: Readonly<Record<string, string>>): string {
  return Object.entries(meanings)
    .map(([name, meaning]) => `${code(name)} (${meaning})`)
    .join(', ');
}

const METRICS = `# Metrics and events

## Metrics

At \`/metrics\` on port 8080, in Prometheus' text format, beside Node's own (\`process_…\`, \`nodejs_…\`). Metrics that controller-runtime
and client-go also have bear their names and labels, so that their dashboards fit. No label holds a namespace, a name or
anything that grows with the number of Workspaces: at 10,000 of them in eight classes there are fewer than 2,000 series. A class
that does not exist is \`(none)\`, under any name that a Workspace gives it. Counters whose labels are known before begin at 0, so that
\`increase\` sees the first event. Only the leader exports metrics of the fleet, so sums over all replicas are
right, and a gap is a time without a leader.
`;

const ALERTS = `### What to watch

| Question | Query |
| --- | --- |
| Is it well? | \`sum by (class, reason) (workspace_workspaces{reason!="Ready"})\` |
| For how long is something not well that the platform should fix? | \`workspace_oldest_not_ready_seconds{fixed_by="platform"}\` |
| What does it cost? | \`sum by (instance_type, capacity_type) (increase(workspace_instance_seconds_total{state=~"running|stopping"}[1d])) / 3600\` |
| Does each change cost one provision? | \`increase(workspace_ledger_violations_total[1h])\`, and \`workspace_changes_total\` beside \`workspace_provisions_total\` by cause |
| How long does a change take? | \`histogram_quantile(0.9, sum by (cause, le) (rate(workspace_change_ready_seconds_bucket[1h])))\` |
| What waits? | \`workspace_rollout_pending\`, \`workspace_rollout_halted\`, \`workspace_ec2_waiting_requests\` |
| How many provisions were there, and for what? | \`sum by (cause) (increase(workspace_provisions_total[1h]))\` |
| Does something restart Workspaces over and over? | \`sum(rate(workspace_provisions_total{cause=~"${failureCauses().replaceAll('|', '\\|')}"}[15m])) > 0\` |
| Do probes report what is only booting? | \`sum(increase(workspace_reports_total{outcome="dropped"}[1h]))\` |
| Does the operator see EC2? | \`workspace_ec2_sweep_age_seconds > 180\` |
| Is evidence on a class missing: database, gateway, EC2, or too many silent at once? | \`workspace_class_evidence_missing > 0\` |
| Is AWS refusing? | \`sum by (action, outcome) (rate(workspace_ec2_calls_total{outcome!~"ok\\|dryRunOK"}[5m]))\` |
| Do instances run without an owner? | \`workspace_orphans > 0\` |
| Does a leader lead? | \`max(leader_election_master_status) < 1\` |
| Is a certificate about to expire, or a file that changed not used? | \`gateway_tls_not_after_seconds - time() < 7 * 86400\`, \`config_file_refused == 1\` |
| Is a namespace of the list not served? | \`workspace_namespaces_unwatched > 0\` |
| Do instances distrust the gateway? | \`gateway_launches_distrusting > 0\` |
| Do reconciles fail, or pile up? | \`rate(controller_runtime_reconcile_errors_total[5m])\`, \`workqueue_depth\` |
`;

const rules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          labels: z.object({ severity: z.string() }),
          annotations: z.object({ description: z.string() }),
        }),
      ),
    }),
  ),
});

function alertsTable(): string {
  const text = readFileSync(
    new URL('../../../deploy/alerts/workspace-operator.rules.yaml', import.meta.url),
    'utf8',
  );
  const rows = rules
    .parse(parse(text))
    .groups.flatMap((group) =>
      group.rules.map(({ alert, labels, annotations }) => [
        `[${alert}](runbooks/${alert}.md)`,
        labels.severity,
        annotations.description,
      ]),
    );
  return `### Alerts

\`deploy/alerts/workspace-operator.rules.yaml\` is for \`rule_files\` of Prometheus; the chart makes the same a PrometheusRule with
\`metrics.prometheusRule.enabled\`. Each alert has a runbook. \`deploy/dashboards/workspace-operator.json\` is a dashboard for Grafana 9 and
later, a row a question: is it well, what is it doing, what did it spend, what waits. The chart makes it a ConfigMap for Grafana's
sidecar with \`metrics.dashboard.enabled\`.

${table(['Alert', 'Severity', 'What follows'], rows)}`;
}

const EVENTS = `## Events

\`kubectl get events\` and \`kubectl describe\` show them; repeats are one event with a count. Each change of \`Ready\`'s reason is
one event of that name, with the condition's message ([troubleshooting](troubleshooting.md) has the reasons). While \`Ready\`
stays True, a reason that keeps a change from being carried out is one too, as \`UpToDate\` names it. Besides:

${workspaceEvents()}
In the operator's own namespace: about instances that no Workspace owns there is no tenant's object to report it on, so those
events are about its Lease, as are those about files; those about keys are about their Secret.

${operatorEvents()}
Of a WorkspaceClass (its events are in the namespace \`default\`, or, if a list of namespaces lacks that, about the Lease), each change of what its conditions say:

${classEvents()}
## Log lines to rely on

JSON, one line each, with \`time\`, \`level\` and \`msg\`. A line about a Workspace carries \`controller\`, \`namespace\` and \`name\`,
and in a reconcile \`reconcileID\`. These are stable. The first three follow the record: they are written, and counted, once the
leader sees a status that says so, also where the answer to its own write was lost. One is missing only where the leader dies, or
loses its lease, between the write and the line; \`status.provisions\` and \`status.history\` have it all the same:

| Name | Where | When, and its fields |
| --- | --- | --- |
| \`provision.ec2_started\` | \`event\` | A launch has its instance. \`uid\`, \`number\`, \`generation\`, \`cause\`, \`ref\` (what it spent), \`instanceID\`. |
| \`provision.ec2_stopped\` | \`event\` | That instance is proven gone, or its end was recorded. The same, and \`outcome\`. |
| \`change.deferred\` | \`event\` | A change has to wait. \`uid\`, \`generation\`, \`cause\`, \`until\`. |
| \`ledger.violated\` | \`event\` | The ledger is broken. \`uid\`, \`violation\` (${listed(VIOLATIONS)}), and \`detail\`, which names launches and instances. |
| \`ec2.failed\` | \`event\` | A call failed. \`effect\`, \`action\`, AWS's \`code\`, \`class\` (how it is treated), \`requestID\`. |
| \`ec2.terminate\` | \`event\` | Superseded instances are being terminated. \`ids\`. |
| \`orphan.found\`, \`orphan.ended\` | \`event\` | An instance belongs to no Workspace; logged once a verdict (${ORPHAN_VERDICTS.map(code).join(', ')}). It is being terminated. \`instanceID\`, and \`uid\`, \`namespace\`, \`name\`, \`number\` as its tags say. |
| \`orphans.held\` | \`event\` | Orphans are due, and none is ended. \`reason\`: ${listed(HOLDS)}. |
| \`keys.rotated\`, \`keys.restored\` | \`event\` | Keys were made, or put back into their Secret. \`entries\`: names, never keys. |
| \`keys.unpublished\` | \`event\` | Keys of namespaces are not in the Secret: an earlier release would take what is digested with them for unchanged once ([ADR 21](adr/0021-digests-of-a-namespace.md)). |
| \`user-data.collected\` | \`event\` | A ConfigMap with a text that user data was rendered from is gone: no class has it any more, and no launch was made with it. \`name\`. |
| \`file.loaded\`, \`file.refused\` | \`event\` | A file that a setting names changed; it is used, or the one before it stays in use. \`setting\`, and \`fault\` when refused; never content. |
| \`launch.bootstrapped\` | \`msg\` | An instance was served its environment. \`namespace\`, \`name\`, \`uid\`, \`number\`, \`digest\`. |
| \`report.dropped\`, \`report.forwarded\` | \`msg\` | Somebody said that a Workspace looks dead. \`namespace\`, \`name\`, \`number\`; when dropped, \`reason\`: ${listed(DROPPED)}. |

Exactly-once can be audited from the first two: for each \`uid\`, every \`number\` has one \`provision.ec2_started\` at most, and
no two of them share \`cause\` and \`ref\`.
`;

/** docs/metrics-and-events.md */
export function metricsDocs(): string {
  const registry = new Registry();
  createRuntimeMetrics(registry);
  createEc2Metrics(registry);
  createEventMetrics(registry);
  createGatewayMetrics(registry);
  createFileMetrics(registry);
  createNamespaceMetrics(registry);
  createBuildMetrics(registry, readBuildInfo(), 'all');
  createTrustMetrics(registry);
  createClassMetrics(registry);
  createFigureMetrics(registry);
  createStoreMetrics(registry);
  createWorkspaceMetrics(registry);
  createOrphanMetrics(registry);
  const rows = registry
    .getMetricsAsArray()
    .map((metric) => [code(metric.name), labelsOf(metric), metric.help.replace(/\.?$/, '.')])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return [GENERATED, METRICS, table(['Metric', 'Labels', 'What'], rows), ALERTS, alertsTable(), EVENTS].join(
    '\n',
  );
}

function labelsOf(metric: object): string {
  const names = 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames : [];
  return names.map((name) => code(String(name))).join(', ');
}
