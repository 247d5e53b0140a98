import type { Clock } from '../../controller/lib/clock.ts';
import type { BucketName, Buckets } from '../calls/buckets.ts';
import type { Ec2Metrics } from '../calls/metrics.ts';
import { createTurnQueue, type Turn, type TurnQueue, type TurnRequest } from './turnQueue.ts';

/** Actions that reconciles ask of EC2, each in the line of its own bucket, so that no end waits behind a launch. */
export const LINE_BUCKETS = [
  'RunInstances',
  'StartInstances',
  'StopInstances',
  'TerminateInstances',
  'GetConsoleOutput',
] as const satisfies readonly BucketName[];

export type LineBucket = (typeof LINE_BUCKETS)[number];

/** Their answers take long; together they occupy so much of the workers at most, and the rest is for all else. */
const SLOW = ['RunInstances', 'StartInstances'] as const satisfies readonly LineBucket[];
const SLOW_SHARE = 0.75;

/** The lines at the buckets. Losing them loses nothing: a Workspace that wants a turn asks in each of its passes. */
export interface Lines {
  ask(bucket: LineBucket, request: TurnRequest): Turn;
  /** See TurnQueue. */
  commit(bucket: LineBucket, id: string): boolean;
  spend(bucket: LineBucket, id: string): boolean;
  /** Ends a pass of this id at all buckets; see TurnQueue. Returns whether it still waits at any. */
  passed(id: string): boolean;
}

export interface LinesOptions {
  buckets: Pick<Buckets, 'tryTake' | 'waitMs' | 'size'>;
  clock: Clock;
  metrics: Pick<Ec2Metrics, 'bucketWait' | 'watchLines'>;
  /** Looks at a key soon. */
  wake: (key: string) => void;
  /** Reconciles at once. */
  workers: number;
  nearMs: number;
}

export function createLines({ buckets, clock, metrics, wake, workers, nearMs }: LinesOptions): Lines {
  const mostSlow = Math.ceil(workers * SLOW_SHARE);
  const slowAtWork = () => SLOW.reduce((sum, bucket) => sum + queues[bucket].atWork(), 0);
  const queueOf = (bucket: LineBucket) =>
    createTurnQueue({
      bucket,
      buckets,
      clock,
      wake,
      onWait: (ms) => metrics.bucketWait(bucket, ms),
      hasRoom: () => !isSlow(bucket) || slowAtWork() < mostSlow,
      nearMs,
    });
  const queues: Record<LineBucket, TurnQueue> = {
    RunInstances: queueOf('RunInstances'),
    StartInstances: queueOf('StartInstances'),
    StopInstances: queueOf('StopInstances'),
    TerminateInstances: queueOf('TerminateInstances'),
    GetConsoleOutput: queueOf('GetConsoleOutput'),
  };
  metrics.watchLines(() => LINE_BUCKETS.map((bucket) => [bucket, queues[bucket].length()]));
  return {
    ask: (bucket, request) => queues[bucket].ask(request),
    commit: (bucket, id) => queues[bucket].commit(id),
    spend: (bucket, id) => queues[bucket].spend(id),
    passed(id) {
      const waits = LINE_BUCKETS.filter((bucket) => queues[bucket].passed(id));
      // A worker that one of them gave up may be what the other waits for.
      for (const bucket of SLOW) queues[bucket].settle();
      return waits.length > 0;
    },
  };
}

function isSlow(bucket: LineBucket): boolean {
  return SLOW.some((slow) => slow === bucket);
}
