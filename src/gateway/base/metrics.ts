import { Counter, Histogram, type Registry } from 'prom-client';

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** One set a registry. */
export function createGatewayMetrics(registry: Registry) {
  const registers = [registry];
  return {
    reports: new Counter({
      name: 'workspace_reports_total',
      help: 'Reports that a Workspace looks dead, by what became of them',
      labelNames: ['outcome'] as const,
      registers,
    }),
    requests: new Histogram({
      name: 'gateway_request_duration_seconds',
      help: 'Time to answer a request, by route and HTTP status',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    connectionsClosed: new Counter({
      name: 'gateway_connections_closed_total',
      help: 'Connections closed by a limit: of connections in all (total) or from one address, or of unanswered requests on one',
      labelNames: ['limit'] as const,
      registers,
    }),
    errors: new Counter({
      name: 'gateway_errors_total',
      help: 'Requests answered with an error, by its code',
      labelNames: ['code'] as const,
      registers,
    }),
  };
}
