import { Registry } from 'prom-client';
import { createRuntimeMetrics } from '../../src/controller/metrics.ts';
import { createEc2Metrics } from '../../src/ec2/metrics.ts';
import { createGatewayMetrics } from '../../src/gateway/metrics.ts';
import { createClassMetrics } from '../../src/reconcilers/class/metrics.ts';
import { createOrphanMetrics } from '../../src/reconcilers/orphans/metrics.ts';
import { createWorkspaceMetrics } from '../../src/reconcilers/workspace/metrics.ts';
import { failureCauses } from './causesDocs.ts';
import { code, GENERATED, table } from './markdown.ts';

const METRICS = `# Metrics and events

## Metrics

At \`/metrics\` on port 8080, in Prometheus' text format, beside Node's own (\`process_…\`, \`nodejs_…\`). What controller-runtime
and client-go have bears their names and labels, so that their dashboards fit. No label holds a namespace, a name or
anything that grows with the number of Workspaces.
`;

const ALERTS = `### What to watch

| Question | Query |
| --- | --- |
| How many provisions were there, and for what? | \`sum by (cause) (increase(workspace_provisions_total[1h]))\` |
| Does something restart Workspaces over and over? | \`sum(rate(workspace_provisions_total{cause=~"${failureCauses().replaceAll('|', '\\|')}"}[15m])) > 0\` |
| Do probes report what is only booting? | \`sum(increase(workspace_reports_total{outcome="dropped"}[1h]))\` |
| Does the operator see EC2? | \`workspace_ec2_sweep_age_seconds > 120\` |
| Is evidence on a class missing: database, gateway, EC2, or too many silent at once? | \`workspace_class_evidence_missing > 0\` |
| Is AWS refusing? | \`sum by (action, outcome) (rate(workspace_ec2_calls_total{outcome!~"ok\\|dryRunOK"}[5m]))\` |
| Do instances run that nobody owns? | \`workspace_orphans > 0\` |
| Does a leader lead? | \`max(leader_election_master_status) < 1\` |
| Do reconciles fail, or pile up? | \`rate(controller_runtime_reconcile_errors_total[5m])\`, \`workqueue_depth\` |
`;

const EVENTS = `## Events

\`kubectl get events\` and \`kubectl describe\` show them; repeats are one event with a count. Each change of \`Ready\`'s reason is
one event of that name, with the condition's message ([troubleshooting](troubleshooting.md) has the reasons). While \`Ready\`
stays True, what keeps a change from being carried out is one too, as \`UpToDate\` names it. Besides:

| Reason | When |
| --- | --- |
| \`Deferred\` | A change counts, but the present launch is too young or still progressing. The message says when it is carried out at the latest. |
| \`TerminationBlocked\` | EC2 refuses to end an instance (termination protection, or no right to TerminateInstances); or the Workspace was let go by annotation, without proof that its instances are gone. |
| \`KeyLost\` | Nobody holds the key of the recorded digest any more; the content is taken for unchanged ([keys](keys.md)). |
| \`EarlierInstance\` | An instance lives that an earlier Workspace of this name launched: the object was moved or restored. |
| \`Interrupted\` | The agent found EC2's notice that it takes this Spot instance back; the message says when. It serves until then, and is replaced once it has ended. |
| \`EvidenceUnavailable\` | A replacement, or the start of a stopped instance, waits: the gateway or its database is away, and a new instance could not fetch its environment. |

In the operator's own namespace: about instances that no Workspace owns there is nothing of a tenant's to tell it on, so those
events are about its Lease.

| Reason | When |
| --- | --- |
| \`OrphanFound\` | A live instance with this cluster's tag belongs to no Workspace. The message says what its tags name, and what becomes of it. |
| \`KeysRotated\` | About the Secret of the keys: new ones are current. |
| \`KeysRestored\` | About the Secret of the keys: entries that had gone from it were put back. |
| \`OrphanEnded\` | It was terminated: \`--orphans-policy\` is \`Terminate\`, and nothing spoke for it. |

Of a WorkspaceClass (its events are in the namespace \`default\`): \`RollingOut\` and \`RolloutComplete\` with the numbers,
\`RolloutHalted\` with what failed, and each change of what else its conditions say (\`InvalidConfiguration\`,
\`QuotaExceeded\`, \`CapacityUnavailable\`, \`ClassLimitReached\`).

## Log lines to rely on

JSON, one line each, with \`time\`, \`level\` and \`msg\`. What is about a Workspace carries \`controller\`, \`namespace\` and \`name\`,
and in a reconcile \`reconcileID\`. These are stable. The first three follow the record: they are written, and counted, once the
leader sees a status that says so, also where the answer to its own write was lost. One is missing only where the leader dies, or
loses its lease, between the write and the line; \`status.provisions\` and \`status.history\` have it all the same:

| Name | Where | When, and its fields |
| --- | --- | --- |
| \`provision.ec2_started\` | \`event\` | A launch has its instance. \`uid\`, \`number\`, \`generation\`, \`cause\`, \`ref\` (what it spent), \`instanceID\`. |
| \`provision.ec2_stopped\` | \`event\` | That instance is proven gone, or its end was recorded. The same, and \`outcome\`. |
| \`change.deferred\` | \`event\` | A change has to wait. \`uid\`, \`generation\`, \`cause\`, \`until\`. |
| \`ec2.failed\` | \`event\` | A call failed. \`effect\`, \`action\`, AWS's \`code\`, \`class\` (how it is treated), \`requestID\`. |
| \`ec2.terminate\` | \`event\` | Superseded instances are being terminated. \`ids\`. |
| \`orphan.found\`, \`orphan.ended\` | \`event\` | An instance belongs to no Workspace; told once a verdict (\`Young\`, \`Heartbeating\`, \`Foreign\`, \`Due\`). It is being terminated. \`instanceID\`, and \`uid\`, \`namespace\`, \`name\`, \`number\` as its tags say. |
| \`orphans.held\` | \`event\` | Orphans are due, and none is ended. \`reason\`: \`Reporting\` (the default), \`ListEmpty\` (there is no Workspace at all), \`NoEvidence\` (heartbeats can't be judged, or not for as long as the grace). |
| \`keys.rotated\`, \`keys.restored\` | \`event\` | Keys were made, or put back into their Secret. \`entries\`: names, never keys. |
| \`user-data.collected\` | \`event\` | A ConfigMap with a text that user data was rendered from is gone: no class has it any more, and no launch was made with it. \`name\`. |
| \`launch.bootstrapped\` | \`msg\` | An instance was served its environment. \`namespace\`, \`name\`, \`uid\`, \`number\`, \`digest\`. |
| \`report.dropped\`, \`report.forwarded\` | \`msg\` | Somebody said that a Workspace looks dead. \`namespace\`, \`name\`, \`number\`; when dropped, \`reason\`. |

Exactly-once can be audited from the first two: for each \`uid\`, every \`number\` has one \`provision.ec2_started\` at most, and
no two of them share \`cause\` and \`ref\`.
`;

/** docs/metrics-and-events.md */
export function metricsDocs(): string {
  const registry = new Registry();
  createRuntimeMetrics(registry);
  createEc2Metrics(registry);
  createGatewayMetrics(registry);
  createClassMetrics(registry);
  createWorkspaceMetrics(registry);
  createOrphanMetrics(registry);
  const rows = registry
    .getMetricsAsArray()
    .map((metric) => [code(metric.name), labelsOf(metric), metric.help.replace(/\.?$/, '.')])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return [GENERATED, METRICS, table(['Metric', 'Labels', 'What'], rows), ALERTS, EVENTS].join('\n');
}

function labelsOf(metric: object): string {
  const names = 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames : [];
  return names.map((name) => code(String(name))).join(', ');
}
