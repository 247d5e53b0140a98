import type { ClusterWatch } from '../cluster/clusterWatch.ts';
import type { LiveFiles } from '../config/liveFiles.ts';
import type { LeaderElector } from '../controller/lease/leaderElection.ts';
import type { Clock } from '../controller/lib/clock.ts';
import { msBetween } from '../controller/lib/time.ts';
import type { HealthCheck } from '../controller/serve/health.ts';

/** The parts of a process so far; each is undefined until it is there. */
export interface Parts {
  cluster?: Pick<ClusterWatch, 'waitsFor' | 'unwatched'> | undefined;
  /** Whether the database has answered, and what it last failed with. */
  database?: { reached: boolean; failure: string | undefined } | undefined;
  elector?: Pick<LeaderElector, 'held' | 'holder' | 'heardAt'> | undefined;
  /** The address that the gateway listens on. */
  gatewayURL?: string | undefined;
  isStopping: boolean;
}

export interface ReadinessOptions {
  role: 'all' | 'controller' | 'gateway';
  parts(): Parts;
  files: Pick<LiveFiles, 'tls'>;
  /** Silence of the API server after which a controller is not ready, ms. */
  silentAfterMs: number;
  clock: Pick<Clock, 'monotonic'>;
}

/**
 * The checks of `/readyz`. A failure takes a gateway out of its Service, so a check fails only for something that a neighbour may
 * have and this gateway lacks: its needs at the start. A database or an API server that goes away later goes away for all gateways.
 * Those that stay answer 503 with a time to come back, which is better than no answer. The check then has a note instead.
 */
export function readinessChecks(options: ReadinessOptions): Readonly<Record<string, HealthCheck>> {
  const { role, parts, files, clock, silentAfterMs } = options;
  const shared: Record<string, HealthCheck> = {
    process: () => (parts().isStopping ? 'it is stopping' : undefined),
    caches() {
      const { cluster } = parts();
      if (!cluster)
        return 'the API server has not answered yet, or the operator’s namespace is not set up; the log says which';
      const missing = cluster.waitsFor();
      return missing.length > 0 ? `not listed yet: ${missing.join(', ')}` : undefined;
    },
    namespaces() {
      const refused = parts().cluster?.unwatched() ?? [];
      return { note: refused.map(({ namespace, why }) => `${namespace} is not served: ${why}`).join('; ') };
    },
    database() {
      const { database } = parts();
      if (!database?.reached && role !== 'controller') return database?.failure ?? 'it has not answered yet';
      return { note: database?.failure === undefined ? '' : `away just now: ${database.failure}` };
    },
  };
  const leading: Record<string, HealthCheck> = {
    leadership() {
      const { elector } = parts();
      if (!elector) return 'not sought yet';
      const heardAt = elector.heardAt();
      if (heardAt === undefined) return 'the API server has not answered for the lease yet';
      const agoMs = msBetween(heardAt, clock.monotonic());
      if (agoMs > silentAfterMs) return `the API server last answered ${Math.round(agoMs / 1_000)} s ago`;
      return { note: elector.held() ? 'leading' : `standing by; ${elector.holder() ?? 'no one'} leads` };
    },
  };
  const serving: Record<string, HealthCheck> = {
    listening: () => (parts().gatewayURL === undefined ? 'the gateway does not listen yet' : undefined),
    certificate: () => ({ note: files.tls ? '' : 'plain HTTP, without a certificate' }),
  };
  return { ...shared, ...(role === 'gateway' ? {} : leading), ...(role === 'controller' ? {} : serving) };
}
