import { expect } from 'vitest';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import type { Scene } from '../scene/scene.ts';

/** The user agent of a scene's own client. */
const STAGE = 'in-process';

/** What was asked of the cluster and the cloud so far, by their own counters. */
export interface Books {
  /** Calls to the API server but for the scene's own, by verb, resource and subresource. */
  cluster: ReadonlyMap<string, number>;
  /** Calls to the cloud by action, dry runs apart. */
  cloud: ReadonlyMap<string, number>;
  /** Log lines above debug. */
  logLines: number;
  /** When it was read, in the protocol's seconds. */
  atSeconds: number;
}

export function readBooks({ stack, logs, speed }: Scene): Books {
  const { counters } = stack.api;
  const cluster = new Map<string, number>();
  for (const { verb, resource, subresource, userAgent, count } of counters.rows()) {
    if (userAgent === STAGE) continue;
    const name = [verb, resource, subresource].filter((part) => part !== '').join(' ');
    cluster.set(name, (cluster.get(name) ?? 0) + count);
  }
  const cloud = new Map<string, number>();
  for (const { action, dryRun, count } of stack.ec2.counters.calls()) {
    const name = dryRun ? `${action} (dry run)` : action;
    cloud.set(name, (cloud.get(name) ?? 0) + count);
  }
  return {
    cluster,
    cloud,
    logLines: logs.filter((line) => line.level !== 'debug').length,
    atSeconds: (systemClock.monotonic() / 1_000) * speed,
  };
}

/** What was added between two readings, by name; what wasn't asked is absent. */
export function callsBetween(
  before: Books,
  after: Books,
  where: 'cluster' | 'cloud',
): Record<string, number> {
  const known = before[where];
  const grown = [...after[where]].map(([name, count]) => [name, count - (known.get(name) ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}

/** Calls to the cloud between two readings: the observer's rounds, which always go on, and all others by name. */
export function cloudCallsBetween(before: Books, after: Books) {
  const calls = callsBetween(before, after, 'cloud');
  const { DescribeInstances: looks = 0, DescribeInstanceStatus: statusReads = 0, ...others } = calls;
  return { looks, statusReads, others };
}

/** How often the operator looks up a class's terms, s; it also does so after a start. */
const TERMS_PERIOD_S = 300;

/** Expects that nothing else was asked between two readings than the classes' terms, and those as often as time allows. */
export function expectTermsOnly(before: Books, after: Books, classes: number, except: string[] = []): void {
  const { others } = cloudCallsBetween(before, after);
  const calls = Object.entries(others).filter(([action]) => !except.includes(action));
  const reads = ['DescribeImages', 'DescribeSecurityGroups', 'DescribeSubnets', 'GetParameter'];
  expect(reads).toEqual(expect.arrayContaining(calls.map(([action]) => action)));
  const rounds = 1 + Math.floor((after.atSeconds - before.atSeconds) / TERMS_PERIOD_S);
  for (const [, count] of calls) expect(count).toBeLessThanOrEqual(classes * rounds);
}
