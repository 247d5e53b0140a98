import { Counter, Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../controller/lib/clock.ts';
import { FIXERS, type FixedBy } from './figure.ts';
import { type InstanceFigures, NO_CLASS } from './instances.ts';
import type { ClassStanding } from './standings.ts';

const ofInstances = ['class', 'instance_type', 'capacity_type', 'state'] as const;

/** What the metrics of the fleet are read from at each scrape. */
export interface FigureSource {
  /** Where another process leads, that one exports them, so that sums over all replicas are right. */
  leads(): boolean;
  standings: ReadonlyMap<string, ClassStanding>;
  instances: InstanceFigures;
  /** Classes that exist, each with what its roll-out comes to. */
  classes(): Iterable<{ name: string; rolling: number; isHalted: boolean }>;
  clock: Pick<Clock, 'now'>;
}

/** What one class comes to, as it is exported. */
interface Row {
  reasons: Map<string, number>;
  down: Record<FixedBy, number>;
  ending: number;
}

/** The fleet at a glance, by class: what there is, what is not well and for how long, and what it costs. */
export function createFigureMetrics(registry: Registry) {
  let source: FigureSource | undefined;
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    fill: (gauge: Gauge<L>, from: FigureSource) => void,
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        if (source?.leads()) fill(this, source);
      },
    });

  gauge(
    'workspace_workspaces',
    'Workspaces by class and by Ready’s reason (Unknown for one that another release wrote); where it is 0, Ready alone is exported.',
    ['class', 'reason'],
    (it, from) => {
      for (const [name, { reasons }] of rowsOf(from)) {
        it.set({ class: name, reason: 'Ready' }, 0);
        for (const [reason, count] of reasons) it.set({ class: name, reason }, count);
      }
    },
  );
  gauge(
    'workspace_oldest_not_ready_seconds',
    'For how long the Workspace that has been down longest is, of those that should serve; 0 where none is down. By class and by what brings it back: its owner, capacity (AWS’s, a quota, or room in the class), or the platform.',
    ['class', 'fixed_by'],
    (it, from) => {
      for (const [name, { down }] of rowsOf(from))
        for (const fixedBy of FIXERS) it.set({ class: name, fixed_by: fixedBy }, down[fixedBy]);
    },
  );
  gauge(
    'workspace_oldest_termination_seconds',
    'For how long the end that takes longest takes: of an instance, until EC2 says that it is gone, or of a deleted Workspace; 0 where nothing ends.',
    ['class'],
    (it, from) => {
      for (const [name, { ending }] of rowsOf(from)) it.set({ class: name }, ending);
    },
  );
  gauge(
    'workspace_rollout_pending',
    'Workspaces with a change that is yet to be carried out, or is being carried out.',
    ['class'],
    (it, from) => {
      for (const { name, rolling } of from.classes()) it.set({ class: name }, rolling);
    },
  );
  gauge(
    'workspace_rollout_halted',
    '1 while the class says RolloutHalted, as replacements failed again and again, else 0.',
    ['class'],
    (it, from) => {
      for (const { name, isHalted } of from.classes()) it.set({ class: name }, Number(isHalted));
    },
  );
  gauge(
    'workspace_instances',
    'Instances of the cluster as EC2 last showed them, those that are to end and those without a Workspace included; terminated ones are not.',
    ofInstances,
    (it, from) => {
      for (const { labels, count } of from.instances.read()) if (count > 0) it.set({ ...labels }, count);
    },
  );
  new Counter({
    name: 'workspace_instance_seconds_total',
    help: 'Seconds that such instances were there while this process led: what they cost, by what EC2 charges for.',
    labelNames: ofInstances,
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, seconds } of source?.instances.read() ?? []) this.inc({ ...labels }, seconds);
    },
  });
  return {
    watch(from: FigureSource): void {
      source = from;
    },
  };
}

/** By class; Workspaces that name one which does not exist are one row, as anybody may make up names. */
function rowsOf({ standings, classes, clock }: FigureSource): Map<string, Row> {
  const now = clock.now();
  const age = (since: number | undefined) => (since === undefined ? 0 : Math.max(0, now - since) / 1000);
  const rows = new Map<string, Row>();
  for (const { name } of classes()) rows.set(name, emptyRow());
  for (const [className, standing] of standings) {
    const name = rows.has(className) ? className : NO_CLASS;
    const row = rows.get(name) ?? emptyRow();
    rows.set(name, row);
    for (const [reason, count] of standing.reasons)
      row.reasons.set(reason, (row.reasons.get(reason) ?? 0) + count);
    for (const fixedBy of FIXERS)
      row.down[fixedBy] = Math.max(row.down[fixedBy], age(standing.downSince(fixedBy)));
    row.ending = Math.max(row.ending, age(standing.endingSince()));
  }
  return rows;
}

function emptyRow(): Row {
  return { reasons: new Map(), down: { owner: 0, capacity: 0, platform: 0 }, ending: 0 };
}
