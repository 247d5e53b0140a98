import type { Cluster, Platform } from '../../cluster/cluster.ts';
import { need } from '../../config/commandLine.ts';
import { createBuckets, scaledBucketSizes } from '../../ec2/calls/buckets.ts';
import { createEc2Metrics } from '../../ec2/calls/metrics.ts';
import type { Ec2Calls } from '../../ec2/calls/port.ts';
import { createLines, type Lines } from '../../ec2/lines/lines.ts';
import { createObserver, type Observer } from '../../ec2/observe/observer.ts';
import { createResolver, type Resolver } from '../../ec2/resolve/resolve.ts';
import { NEAR_MS } from '../../reconcilers/workspace/decide/room/line.ts';
import { createEventsPart } from './eventsPart.ts';

export interface CloudPart {
  /** Observer and, where there is one, the queue of events. They run while this process leads. */
  start(): void;
  stop(): Promise<void>;
  calls: Ec2Calls & { close(): void };
  /** What EC2 shows. */
  cloud: Observer;
  /** Whose turn it is at EC2's request buckets. */
  lines: Lines;
  resolver: Resolver;
}

/** The way to EC2, and what it shows. */
export function createCloudPart(
  platform: Platform,
  { clusterID }: Pick<Cluster, 'clusterID'>,
  on: {
    change(uid: string): void;
    sweep(): void;
    turn(key: string): void;
    /** For people: sweeps don't rest any more, or not yet, and why. */
    distrust(note: string): void;
  },
): CloudPart {
  const { clock, random, logger, registry, createCalls, config } = platform;
  const { aws, controller } = config;
  const metrics = createEc2Metrics(registry);
  const sizes = scaledBucketSizes(aws.requestRatePercent / 100);
  const buckets = createBuckets({ clock, random, metrics, sizes });
  const calls = createCalls({
    region: need(aws.region, 'aws.region'),
    endpoint: aws.ec2Endpoint,
    ssmEndpoint: aws.ssmEndpoint,
    timeoutMs: aws.timeoutMs,
    buckets,
    clock,
    metrics,
    logger,
  });
  const events = createEventsPart(platform, metrics, {
    distrust: () => cloud.restChanged(),
    report: on.distrust,
  });
  const cloud = createObserver({
    calls,
    clusterID,
    clock,
    random,
    logger,
    metrics,
    sweepIntervalMs: aws.sweepIntervalMs,
    restIntervalMs: aws.restIntervalMs,
    ...(events && { rest: events.trust }),
    lookupIntervalMs: aws.lookupIntervalMs,
    statusIntervalMs: aws.statusIntervalMs,
    onChange: on.change,
    onSweep: on.sweep,
  });
  return {
    start() {
      cloud.start();
      events?.start(cloud);
    },
    async stop() {
      await Promise.all([cloud.stop(), events?.stop()]);
      // What the last sweep found would be awaited in a term that is over.
      events?.trust.reset();
    },
    calls,
    cloud,
    lines: createLines({
      buckets,
      clock,
      metrics,
      wake: on.turn,
      workers: controller.workers,
      nearMs: NEAR_MS,
    }),
    // Forgotten sooner than a class looks again, or the look would find what it found before.
    resolver: createResolver({ calls, clock, ttlMs: aws.resolveIntervalMs / 5 }),
  };
}
