import type { GatewayAnswer, GatewayClient } from '../../../dev/instances/gatewayClient.ts';
import { joinCluster, type Platform } from '../../../src/cluster/cluster.ts';
import { createIdentityVerifier } from '../../../src/gateway/access/identityDocument.ts';
import { GatewayError } from '../../../src/gateway/base/errors.ts';
import { toJSON } from '../../../src/gateway/base/lines.ts';
import { createGatewayMetrics } from '../../../src/gateway/base/metrics.ts';
import { type BootstrapRequest, bootstrap } from '../../../src/gateway/handlers/bootstrap.ts';
import { type HeartbeatRequest, heartbeat } from '../../../src/gateway/handlers/heartbeat.ts';
import { type ReportRequest, report } from '../../../src/gateway/handlers/report.ts';
import { createHeartbeatQueue } from '../../../src/gateway/heartbeats/heartbeatQueue.ts';
import { keepRecorded } from '../../../src/gateway/heartbeats/liveness.ts';
import type { GatewayParts } from '../../../src/gateway/http/parts.ts';
import { type HeartbeatStore, StoreUnavailable } from '../../../src/gateway/store/heartbeatStore.ts';
import { readSecret } from '../../../src/reconcilers/workspace/observe/readSecret.ts';
import { wallMs } from '../../support/base/moments.ts';

const RETRY_AFTER_SECONDS = 2;
const NEVER_MS = 2 ** 31;

/** Starts a gateway without HTTP: its handlers, with caches of its own. */
export async function startGateway(
  platform: Platform,
  store: HeartbeatStore,
  identityCertificatePEM: string,
  atEnd: (fn: () => void) => void,
): Promise<Pick<GatewayClient, 'post'> & { report(request: ReportRequest): Promise<void> }> {
  const { clock, logger, registry } = platform;
  const { flushIntervalMs, beatIntervalMs } = platform.config.gateway;
  const signal = new AbortController().signal;
  const cluster = await joinCluster(platform, signal, 'kinds');
  if (!cluster) throw new Error('the gateway found no cluster');
  atEnd(() => void cluster.stop());
  cluster.watch('kinds');
  await cluster.waitForSync(signal);
  const queue = createHeartbeatQueue({ store, clock, flushIntervalMs });
  const parts: GatewayParts = {
    ...cluster,
    readSecret: (namespace, name) => readSecret(cluster.kube, namespace, name),
    store,
    queue,
    verifyIdentity: createIdentityVerifier([identityCertificatePEM]),
    logger,
    metrics: createGatewayMetrics(registry),
    caBundle: () => undefined,
  };
  keepRecorded({ store, clock, logger, beatIntervalMs, pruneAfterMs: NEVER_MS, records: queue.records });
  return {
    report: (request) => report(parts, request),
    async post(_config, path, body, { credential }) {
      const session = credential === undefined ? {} : { session: credential };
      try {
        const answer =
          path === '/v1/bootstrap'
            ? await bootstrap(parts, { ...(body as BootstrapRequest), ...session })
            : await heartbeat(parts, { ...heartbeatOf(body), ...session });
        return { status: 200, body: JSON.parse(toJSON(answer)) as unknown };
      } catch (error) {
        return refusal(error);
      }
    },
  };
}

function heartbeatOf(body: unknown): HeartbeatRequest {
  const { acknowledged, interruption, ...rest } = JSON.parse(JSON.stringify(body)) as HeartbeatRequest & {
    interruption?: { action: 'terminate'; at: unknown };
  };
  const notice = interruption && {
    action: interruption.action,
    at: wallMs(Date.parse(String(interruption.at))),
  };
  return { ...rest, acknowledged: Boolean(acknowledged), ...(notice && { interruption: notice }) };
}

function refusal(error: unknown): GatewayAnswer {
  const known = error instanceof StoreUnavailable ? new GatewayError('storage_unavailable') : error;
  if (!(known instanceof GatewayError)) throw error;
  const again = known.status === 503 ? { retryAfter: RETRY_AFTER_SECONDS } : {};
  return { status: known.status, body: { code: known.code }, ...again };
}
