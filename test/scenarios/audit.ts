import type { Scene } from './harness.ts';

/** What was asked of the cluster and the cloud so far, by their own counters. */
export interface Books {
  /** Calls to the API server that change something, but for the Lease's. */
  writes: number;
  statusWrites: number;
  /** Calls to the cloud by action, dry runs apart. */
  cloud: ReadonlyMap<string, number>;
  /** Log lines above debug. */
  logLines: number;
}

export function readBooks({ stack, logs }: Scene): Books {
  const { counters } = stack.api;
  const cloud = new Map<string, number>();
  for (const { action, dryRun, count } of stack.ec2.counters.calls()) {
    const name = dryRun ? `${action} (dry run)` : action;
    cloud.set(name, (cloud.get(name) ?? 0) + count);
  }
  return {
    writes: counters.writes(['leases.coordination.k8s.io']),
    statusWrites: counters.total({ subresource: 'status', verb: 'patch' }),
    cloud,
    logLines: logs.filter((line) => line.level !== 'debug').length,
  };
}

/** What came to the cloud between two readings, by action; what wasn't asked is absent. */
export function cloudCallsBetween(before: Books, after: Books): Record<string, number> {
  const grown = [...after.cloud].map(
    ([name, count]) => [name, count - (before.cloud.get(name) ?? 0)] as const,
  );
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}
