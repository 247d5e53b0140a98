import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { startAtZero } from '../../controller/serve/zero.ts';
import { type Ec2Calls, ERROR_CLASSES } from './port.ts';

export interface Ec2Metrics {
  /** One call of an API action that came to an end. Outcome: `ok`, or the class of its failure. */
  call(action: string, outcome: string): void;
  bucketWait(bucket: string, ms: number): void;
  /** `lengths` gives how many wait for their turn at each bucket. */
  watchLines(lengths: () => readonly (readonly [bucket: string, length: number])[]): void;
  /** A sweep that ran to its end, in ms. */
  sweep(outcome: 'ok' | 'failed', durationMs: number): void;
  /** `age` gives the ms since the begin of the last complete sweep; undefined before the first. */
  watchSweepAge(age: () => number | undefined): void;
}

/** Actions of AWS; Ec2Calls has a method for each, but for those of the queue of events. */
const ACTIONS: readonly (Capitalize<keyof Ec2Calls> | 'ReceiveMessage' | 'DeleteMessageBatch')[] = [
  'RunInstances',
  'TerminateInstances',
  'StopInstances',
  'StartInstances',
  'DescribeInstances',
  'DescribeInstanceStatus',
  'DescribeSubnets',
  'DescribeSecurityGroups',
  'DescribeImages',
  'GetParameter',
  'GetConsoleOutput',
  'ReceiveMessage',
  'DeleteMessageBatch',
];

/** Metrics of the way to AWS, in one registry. */
export function createEc2Metrics(registry: Registry): Ec2Metrics {
  const registers = [registry];
  const calls = startAtZero(
    new Counter({
      name: 'workspace_ec2_calls_total',
      help: 'AWS API calls by action and outcome (ok, or the class of the failure).',
      labelNames: ['action', 'outcome'],
      registers,
    }),
    ACTIONS.flatMap((action) => ['ok', ...ERROR_CLASSES].map((outcome) => ({ action, outcome }))),
  );
  const waits = new Histogram({
    name: 'workspace_ec2_bucket_wait_seconds',
    help: 'Time that calls waited for their turn at the client-side bucket.',
    labelNames: ['bucket'],
    buckets: [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200],
    registers,
  });
  let lengths: () => readonly (readonly [string, number])[] = () => [];
  new Gauge({
    name: 'workspace_ec2_waiting_requests',
    help: 'Requests that wait for their turn at the client-side bucket, by bucket.',
    labelNames: ['bucket'],
    registers,
    collect() {
      for (const [bucket, length] of lengths()) this.set({ bucket }, length);
    },
  });
  const sweeps = new Histogram({
    name: 'workspace_ec2_sweep_duration_seconds',
    help: 'Duration of sweeps over all instances of the cluster, by outcome.',
    labelNames: ['outcome'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  let ageMs: () => number | undefined = () => undefined;
  new Gauge({
    name: 'workspace_ec2_sweep_age_seconds',
    help: 'Time since the last complete sweep began, or before the first since this process leads; absent where another one leads.',
    registers,
    collect() {
      const age = ageMs();
      // Not reset(): that would claim an age of 0.
      if (age === undefined) this.remove();
      else this.set(age / 1000);
    },
  });
  return {
    call: (action, outcome) => calls.inc({ action, outcome }),
    bucketWait: (bucket, ms) => waits.observe({ bucket }, ms / 1000),
    sweep: (outcome, durationMs) => sweeps.observe({ outcome }, durationMs / 1000),
    watchLines(watched) {
      lengths = watched;
    },
    watchSweepAge(age) {
      ageMs = age;
    },
  };
}
