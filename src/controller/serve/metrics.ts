import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { startAtZero } from './zero.ts';

/** 5 ms … 60 s, as controller-runtime's reconcile histogram. */
const RECONCILE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];
/** 10 µs … 1000 s, the useful part of client-go's workqueue histograms. */
const QUEUE_BUCKETS = [0.00001, 0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1000];

/** Why an event was not recorded. */
const DROPPED_EVENTS = [
  'queue_full',
  'too_many_of_one_object',
  'stopped',
  'namespace_terminating',
  'refused',
  'unreachable',
] as const;
export type DroppedEvent = (typeof DROPPED_EVENTS)[number];

/** A workqueue's report at a scrape. */
export interface QueueReading {
  depth: number;
  /** Seconds that the items now in work have been worked on, summed. */
  unfinishedSeconds: number;
  longestRunningSeconds: number;
}

export type RuntimeMetrics = ReturnType<typeof createRuntimeMetrics>;

export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** The runtime's metrics, named and labelled as client-go's and controller-runtime's, so that existing dashboards fit. One set a registry. */
export function createRuntimeMetrics(registry: Registry = new Registry()) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Gauge({ name, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: L[], buckets: number[]) =>
    new Histogram({ name, help, labelNames, buckets, registers });

  const queues = new Map<string, () => QueueReading>();
  const queueGauge = (name: string, help: string, read: (reading: QueueReading) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['name', 'controller'],
      registers,
      collect() {
        for (const [queue, reading] of queues) this.set({ name: queue, controller: queue }, read(reading()));
      },
    });
  queueGauge('workqueue_depth', 'Items waiting in the workqueue', (r) => r.depth);
  queueGauge(
    'workqueue_unfinished_work_seconds',
    'Seconds of work in progress that work_duration has not seen yet; a steady rise is a stuck worker',
    (r) => r.unfinishedSeconds,
  );
  queueGauge(
    'workqueue_longest_running_processor_seconds',
    'Seconds that the longest running item has been worked on',
    (r) => r.longestRunningSeconds,
  );

  const queueLabels: ('name' | 'controller')[] = ['name', 'controller'];
  return {
    registry,
    /** Reads a queue's gauges at each scrape; returns how to stop that. */
    trackQueue(name: string, reading: () => QueueReading): () => void {
      queues.set(name, reading);
      return () => void queues.delete(name);
    },
    queueAdds: counter('workqueue_adds_total', 'Items added to the workqueue', queueLabels),
    queueRetries: counter('workqueue_retries_total', 'Rate-limited requeues', queueLabels),
    queueDuration: histogram(
      'workqueue_queue_duration_seconds',
      'How long an item waits in the workqueue',
      queueLabels,
      QUEUE_BUCKETS,
    ),
    workDuration: histogram(
      'workqueue_work_duration_seconds',
      'How long an item is worked on',
      queueLabels,
      QUEUE_BUCKETS,
    ),
    reconcileTotal: counter('controller_runtime_reconcile_total', 'Reconciles by result', [
      'controller',
      'result',
    ]),
    reconcileErrors: counter('controller_runtime_reconcile_errors_total', 'Reconciles that failed', [
      'controller',
    ]),
    terminalErrors: counter(
      'controller_runtime_terminal_reconcile_errors_total',
      'Reconciles that failed in a way that no retry cures; their keys wait for a change',
      ['controller'],
    ),
    reconcilePanics: counter(
      'controller_runtime_reconcile_panics_total',
      'Reconciles that threw a programming error',
      ['controller'],
    ),
    reconcileTimeouts: counter(
      'controller_runtime_reconcile_timeouts_total',
      'Reconciles that were aborted for running too long',
      ['controller'],
    ),
    reconcileTime: histogram(
      'controller_runtime_reconcile_time_seconds',
      'How long a reconcile takes',
      ['controller'],
      RECONCILE_BUCKETS,
    ),
    activeWorkers: gauge('controller_runtime_active_workers', 'Workers at work', ['controller']),
    maxConcurrentReconciles: gauge('controller_runtime_max_concurrent_reconciles', 'Workers there are', [
      'controller',
    ]),
    leaderStatus: gauge('leader_election_master_status', '1 while this process holds the lease, else 0', [
      'name',
    ]),
    leaderSlowpath: counter(
      'leader_election_slowpath_total',
      'Renewals that had to read the lease before they could write it',
      ['name'],
    ),
    requests: counter('rest_client_requests_total', 'Requests to the API server by answer', [
      'code',
      'method',
      'host',
    ]),
    requestDuration: histogram(
      'rest_client_request_duration_seconds',
      'Time until the answer was read, watches excluded',
      ['verb', 'host'],
      RECONCILE_BUCKETS,
    ),
    reflectorLists: counter('reflector_lists_total', 'Complete lists, by resource and what asked for them', [
      'name',
      'cause',
    ]),
    reflectorWatches: counter('reflector_watches_total', 'Watches begun', ['name']),
    reflectorFailures: counter('reflector_failures_total', 'Lists and watches that failed, by cause', [
      'name',
      'cause',
    ]),
    reflectorUndecodable: counter(
      'reflector_undecodable_objects_total',
      'Objects that did not match their schema and were left out',
      ['name'],
    ),
    eventsDropped: startAtZero(
      counter('events_dropped_total', 'Events that were not recorded, by cause', ['cause']),
      DROPPED_EVENTS.map((cause) => ({ cause })),
    ),
  };
}
