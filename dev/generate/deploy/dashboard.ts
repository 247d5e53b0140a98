/** What narrows every query: clusters and classes that the person chose. */
const CLUSTER = 'cluster=~"$cluster"';
const CLASS = `${CLUSTER},class=~"$class"`;
const SOURCE = { type: 'prometheus', uid: '$datasource' };
const WIDTH = 24;

interface Panel {
  title: string;
  description: string;
  type: 'stat' | 'timeseries';
  /** By legend. */
  queries: Readonly<Record<string, string>>;
  unit?: string;
  /** Red from here on; green below. */
  redFrom?: number;
}

interface Row {
  title: string;
  panels: readonly Panel[];
}

/** A row a question, as a person asks them at 3 a.m. */
const ROWS: readonly Row[] = [
  {
    title: 'Is it well?',
    panels: [
      {
        title: 'Ready',
        description: 'Workspaces that are Ready.',
        type: 'stat',
        queries: { Ready: `sum(workspace_workspaces{${CLASS},reason="Ready"})` },
      },
      {
        title: 'Not Ready, for the platform to fix',
        description: 'For how long the one that waits longest has been down.',
        type: 'stat',
        queries: { longest: `max(workspace_oldest_not_ready_seconds{${CLASS},fixed_by="platform"})` },
        unit: 's',
        redFrom: 900,
      },
      {
        title: 'Leaders',
        description: 'Must be one by Lease.',
        type: 'stat',
        queries: { '{{name}}': `sum by (name) (leader_election_master_status{${CLUSTER}})` },
      },
      {
        title: 'Ledger violations in a day',
        description: 'Must be 0: one change is one provision.',
        type: 'stat',
        queries: { violations: `sum(increase(workspace_ledger_violations_total{${CLUSTER}}[1d]))` },
        redFrom: 1,
      },
      {
        title: 'Workspaces by reason',
        description: 'Ready’s reason, without those that are Ready.',
        type: 'timeseries',
        queries: {
          '{{class}} {{reason}}': `sum by (class, reason) (workspace_workspaces{${CLASS},reason!="Ready"})`,
        },
      },
      {
        title: 'Down for how long, by what brings it back',
        description: 'Its owner, capacity, or the platform.',
        type: 'timeseries',
        queries: {
          '{{class}} {{fixed_by}}': `max by (class, fixed_by) (workspace_oldest_not_ready_seconds{${CLASS}})`,
        },
        unit: 's',
      },
    ],
  },
  {
    title: 'What is it doing?',
    panels: [
      {
        title: 'Changes that counted and provisions, an hour',
        description: 'One provision for each change; changes that share one are counted once.',
        type: 'timeseries',
        queries: {
          'change {{cause}}': `sum by (cause) (increase(workspace_changes_total{${CLUSTER}}[1h]))`,
          'provision {{cause}}': `sum by (cause) (increase(workspace_provisions_total{${CLUSTER}}[1h]))`,
        },
      },
      {
        title: 'From a change to Ready, nine of ten',
        description: 'The 90th percentile by cause.',
        type: 'timeseries',
        queries: {
          '{{cause}}': `histogram_quantile(0.9, sum by (cause, le) (rate(workspace_change_ready_seconds_bucket{${CLUSTER}}[1h])))`,
        },
        unit: 's',
      },
      {
        title: 'Reconciles that fail',
        description: 'Errors a second by controller.',
        type: 'timeseries',
        queries: {
          '{{controller}}': `sum by (controller) (rate(controller_runtime_reconcile_errors_total{${CLUSTER}}[5m]))`,
        },
      },
      {
        title: 'AWS answers other than ok',
        description: 'A second, by action and outcome.',
        type: 'timeseries',
        queries: {
          '{{action}} {{outcome}}': `sum by (action, outcome) (rate(workspace_ec2_calls_total{${CLUSTER},outcome!="ok"}[5m])) > 0`,
        },
      },
      {
        title: 'Heartbeats and other requests',
        description: 'Requests that the gateways answer a second, by status.',
        type: 'timeseries',
        queries: {
          '{{status}}': `sum by (status) (rate(gateway_request_duration_seconds_count{${CLUSTER}}[5m]))`,
        },
      },
      {
        title: 'Evidence',
        description: '1: the database answers all; the age of the last sweep over EC2.',
        type: 'timeseries',
        queries: {
          database: `min(gateway_store_up{${CLUSTER}})`,
          'sweep, s ago': `max(workspace_ec2_sweep_age_seconds{${CLUSTER}})`,
        },
      },
    ],
  },
  {
    title: 'What did it spend?',
    panels: [
      {
        title: 'Instances',
        description: 'As EC2 last showed them, those that end and those without a Workspace included.',
        type: 'timeseries',
        queries: {
          '{{class}} {{instance_type}} {{capacity_type}} {{state}}': `sum by (class, instance_type, capacity_type, state) (workspace_instances{${CLASS}})`,
        },
      },
      {
        title: 'Instance hours in a day',
        description: 'Of those that EC2 charges for.',
        type: 'timeseries',
        queries: {
          '{{instance_type}} {{capacity_type}}': `sum by (instance_type, capacity_type) (increase(workspace_instance_seconds_total{${CLASS},state=~"running|stopping"}[1d])) / 3600`,
        },
        unit: 'h',
      },
      {
        title: 'Orphans',
        description: 'Instances of this cluster that no Workspace owns.',
        type: 'timeseries',
        queries: { '{{verdict}}': `sum by (verdict) (workspace_orphans{${CLUSTER}})` },
      },
    ],
  },
  {
    title: 'What waits?',
    panels: [
      {
        title: 'Roll-outs',
        description: 'Workspaces that have a change yet to be carried out.',
        type: 'timeseries',
        queries: { '{{class}}': `max by (class) (workspace_rollout_pending{${CLASS}})` },
      },
      {
        title: 'Halted roll-outs',
        description: '1 while a class says RolloutHalted.',
        type: 'timeseries',
        queries: { '{{class}}': `max by (class) (workspace_rollout_halted{${CLASS}})` },
      },
      {
        title: 'Ends that take longest',
        description: 'Until EC2 says that the instance is gone.',
        type: 'timeseries',
        queries: { '{{class}}': `max by (class) (workspace_oldest_termination_seconds{${CLASS}})` },
        unit: 's',
      },
      {
        title: 'Requests that wait for their turn at EC2',
        description: 'By bucket of AWS’s limits.',
        type: 'timeseries',
        queries: { '{{bucket}}': `sum by (bucket) (workspace_ec2_waiting_requests{${CLUSTER}})` },
      },
      {
        title: 'Keys in the workqueue',
        description: 'By controller.',
        type: 'timeseries',
        queries: { '{{name}}': `sum by (name) (workqueue_depth{${CLUSTER}})` },
      },
    ],
  },
];

/** deploy/dashboards/workspace-operator.json, for Grafana 9 and later (schema 37). */
export function dashboard(): string {
  let [id, y] = [0, 0];
  const panels = ROWS.flatMap(({ title, panels: own }) => {
    id += 1;
    const row = {
      id,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { h: 1, w: WIDTH, x: 0, y },
    };
    y += 1;
    const placed = [
      ...inLines(
        own.filter(({ type }) => type === 'stat'),
        4,
        4,
      ),
      ...inLines(
        own.filter(({ type }) => type !== 'stat'),
        3,
        8,
      ),
    ];
    return [row, ...placed];
  });
  return `${JSON.stringify(
    {
      uid: 'workspace-operator',
      title: 'Workspace operator',
      tags: ['workspace-operator'],
      schemaVersion: 37,
      editable: true,
      refresh: '30s',
      time: { from: 'now-6h', to: 'now' },
      templating: {
        list: [
          { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
          variable('cluster', 'label_values(workspace_build_info, cluster)'),
          variable('class', 'label_values(workspace_workspaces{cluster=~"$cluster"}, class)'),
        ],
      },
      panels,
    },
    null,
    2,
  )}\n`;

  function inLines(own: readonly Panel[], inLine: number, h: number) {
    const placed = own.map((panel, index) => {
      id += 1;
      const w = WIDTH / inLine;
      const gridPos = { h, w, x: (index % inLine) * w, y: y + Math.floor(index / inLine) * h };
      return { id, gridPos, ...panelOf(panel) };
    });
    y += Math.ceil(own.length / inLine) * h;
    return placed;
  }
}

/** All, also series that lack the label, unless the person chooses. */
function variable(name: string, query: string) {
  const all = { text: 'All', value: '$__all' };
  const source = { datasource: SOURCE, definition: query, query: { query, refId: name } };
  return {
    name,
    type: 'query',
    ...source,
    refresh: 2,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: all,
  };
}

function panelOf({ title, description, type, queries, unit = 'short', redFrom }: Panel) {
  const steps = [
    { color: 'green', value: null },
    ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }]),
  ];
  const targets = Object.entries(queries).map(([legendFormat, expr], index) => ({
    refId: String.fromCharCode(65 + index),
    datasource: SOURCE,
    expr,
    legendFormat,
  }));
  const defaults = { unit, min: 0, thresholds: { mode: 'absolute', steps } };
  return { title, description, type, datasource: SOURCE, fieldConfig: { defaults, overrides: [] }, targets };
}
