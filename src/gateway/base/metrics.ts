import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { namesOf } from '../../api/base/table.ts';
import { startAtZero } from '../../controller/serve/zero.ts';
import { ERRORS } from './errors.ts';

/** Why a watch ended; `client`: the caller closed it. */
export const WATCH_ENDS = ['client', 'slow', 'rights', 'age', 'displaced', 'stopping'] as const;
export type WatchEnd = (typeof WATCH_ENDS)[number];

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** One set a registry. */
export function createGatewayMetrics(registry: Registry) {
  const registers = [registry];
  return {
    reports: startAtZero(
      new Counter({
        name: 'workspace_reports_total',
        help: 'Reports that a Workspace looks dead, by what became of them',
        labelNames: ['outcome'] as const,
        registers,
      }),
      [{ outcome: 'dropped' }, { outcome: 'forwarded' }],
    ),
    requests: new Histogram({
      name: 'gateway_request_duration_seconds',
      help: 'Time to answer a request, by route and HTTP status',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    connectionsClosed: startAtZero(
      new Counter({
        name: 'gateway_connections_closed_total',
        help: 'Connections closed by a limit: of connections in all (total) or from one address, or of unanswered requests on one',
        labelNames: ['limit'] as const,
        registers,
      }),
      ['address', 'total', 'requests'].map((limit) => ({ limit })),
    ),
    distrusted: new Counter({
      name: 'gateway_handshakes_distrusted_total',
      help: 'TLS handshakes that a client ended because it distrusts the gateway’s certificate',
      registers,
    }),
    watches: new Gauge({
      name: 'gateway_watches',
      help: 'Watches of callers that are open',
      registers,
    }),
    watchesEnded: startAtZero(
      new Counter({
        name: 'gateway_watches_ended_total',
        help: 'Watches of callers that ended: by the client, because it read too slowly, lost its rights, was open for long or held a place that another group needed, or as the gateway stopped',
        labelNames: ['reason'] as const,
        registers,
      }),
      WATCH_ENDS.map((reason) => ({ reason })),
    ),
    errors: startAtZero(
      new Counter({
        name: 'gateway_errors_total',
        help: 'Requests answered with an error, by its code',
        labelNames: ['code'] as const,
        registers,
      }),
      namesOf(ERRORS).map((code) => ({ code })),
    ),
  };
}

/** Whether the database of heartbeats answers, as the process itself last found. */
export function createStoreMetrics(registry: Registry) {
  let state: () => { reached: boolean; failure: string | undefined } | undefined = () => undefined;
  new Gauge({
    name: 'gateway_store_up',
    help: '1 while the database of heartbeats answers this process, a gateway or a controller; 0 while it does not, and before its first answer.',
    registers: [registry],
    collect() {
      const now = state();
      this.set(Number(now?.reached === true && now.failure === undefined));
    },
  });
  return {
    watch(source: typeof state): void {
      state = source;
    },
  };
}
