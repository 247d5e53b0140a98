import pino from 'pino';
import { Registry } from 'prom-client';
import type { LaunchParams } from '../../../src/api/kinds/workspace.ts';
import type { Clock } from '../../../src/controller/lib/clock.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import type { Random } from '../../../src/controller/lib/random.ts';
import { type BucketsOptions, createBuckets } from '../../../src/ec2/calls/buckets.ts';
import { isEc2Failure } from '../../../src/ec2/calls/errors.ts';
import { createEc2Metrics } from '../../../src/ec2/calls/metrics.ts';
import { type Ec2Failure, type Instance, type RunRequest, TAG } from '../../../src/ec2/calls/port.ts';
import { createEc2Calls, type Ec2CallsOptions } from '../../../src/ec2/client.ts';

export const silent = pino({ level: 'silent' });

/** Always the same, so that jitter is a known number. */
export function constantRandom(value = 0.5): Random {
  return { next: () => value, bytes: (length) => Buffer.alloc(length, 7) };
}

export const launchParams: LaunchParams = Object.freeze({
  imageID: 'ami-0a1',
  instanceType: 'm7i.large',
  capacityType: 'OnDemand',
  subnetID: 'subnet-0a1',
  zone: 'eu-central-1a',
  securityGroupIDs: ['sg-0b', 'sg-0a'],
  instanceProfile: 'workspace',
  rootVolume: { deviceName: '/dev/xvda', sizeGiB: 30, type: 'gp3', iops: 3000, throughput: 125 },
  tags: [
    { key: TAG.uid, value: 'uid-1' },
    { key: TAG.cluster, value: 'cluster-1' },
  ],
  userData: { stub: 1, gatewayURL: 'https://gateway:8443', ticketKey: 'k1' },
});

export function runRequest(overrides: Partial<RunRequest> = {}): RunRequest {
  const userData = '#!/bin/sh\necho grüße\n';
  return { params: launchParams, version: 1, userData, clientToken: 'token-1', ...overrides };
}

export function instance(id: string, overrides: Partial<Instance> = {}): Instance {
  return {
    id,
    state: 'running',
    type: 'm7i.large',
    zone: 'eu-central-1a',
    tags: { [TAG.cluster]: 'cluster-1', [TAG.uid]: `uid-of-${id}` },
    ...overrides,
  };
}

/** The SDK behind the port as production wires it, but for where it sends, and with credentials that sign anything. */
export function createTestCalls(
  options: Partial<Ec2CallsOptions> & { sizes?: BucketsOptions['sizes']; clock?: Clock } = {},
) {
  const { clock = systemClock, sizes, ...rest } = options;
  const registry = new Registry();
  const metrics = createEc2Metrics(registry);
  const buckets = createBuckets({ clock, random: constantRandom(), metrics, ...(sizes ? { sizes } : {}) });
  const calls = createEc2Calls({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
    buckets,
    clock,
    metrics,
    logger: silent,
    // A test that waits for an answer that never comes fails soon.
    timeoutMs: 3_000,
    ...rest,
  });
  /** The value of workspace_ec2_calls_total for these labels. */
  async function counted(action: string, outcome: string): Promise<number> {
    const metric = await registry.getSingleMetric('workspace_ec2_calls_total')?.get();
    return (
      metric?.values.find(({ labels }) => labels.action === action && labels.outcome === outcome)?.value ?? 0
    );
  }
  return { calls, buckets, registry, counted };
}

/** The failure that a call must end in. */
export async function failureOf(call: Promise<unknown>): Promise<Ec2Failure> {
  const answer: unknown = await call.then(
    () => {
      throw new Error('the call succeeded, but it must fail');
    },
    (error: unknown) => error,
  );
  if (isEc2Failure(answer)) return answer;
  throw answer;
}
