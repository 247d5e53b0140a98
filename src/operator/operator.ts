import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { type Cluster, joinCluster, type Platform } from '../cluster/cluster.ts';
import { createBuildMetrics, readBuildInfo } from '../config/buildInfo.ts';
import { need, type Role } from '../config/commandLine.ts';
import type { Config } from '../config/config.ts';
import { followConfigFiles } from '../config/liveFiles.ts';
import type { Transport } from '../controller/client/transport.ts';
import { createEventRecorder, type EventRecorder } from '../controller/events/events.ts';
import type { Clock } from '../controller/lib/clock.ts';
import type { Random } from '../controller/lib/random.ts';
import { startHealthServer, startMetricsServer } from '../controller/serve/health.ts';
import { createRegistry, createRuntimeMetrics } from '../controller/serve/metrics.ts';
import type { ProxyEnv } from '../ec2/calls/proxy.ts';
import { createStoreMetrics } from '../gateway/base/metrics.ts';
import type { Gateway } from '../gateway/server.ts';
import { createPostgresStore, type PostgresStore } from '../gateway/store/postgresStore.ts';
import { listening } from '../process/listening.ts';
import { proxiedCredentials } from './awsProxy.ts';
import { type ControllerPart, REPORTING_CONTROLLER, startControllerPart } from './controllerPart.ts';
import { createFileEvents } from './fileEvents.ts';
import { createGatewayPart } from './gatewayPart.ts';
import { readinessChecks } from './readiness.ts';
import { watchTrust } from './trustWatch.ts';

export interface OperatorOptions {
  config: Config;
  role: Role;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** The proxy to AWS; undefined: directly. */
  proxy?: ProxyEnv | undefined;
  /** Built with the metrics it counts into, so that a test can cut here. */
  transport: (metrics: ReturnType<typeof createRuntimeMetrics>) => Transport & { close(): Promise<void> };
}

export interface Operator {
  gatewayURL: string | undefined;
  metricsPort: number;
  healthPort: number;
  /** Drains, gives the lease back and closes everything; a second call is the same stop. */
  stop(): Promise<void>;
}

/** Starts what the role asks for. Resolves once it serves; undefined when `signal` aborted before. */
export async function startOperator(
  options: OperatorOptions,
  signal: AbortSignal,
): Promise<Operator | undefined> {
  const { config, role, clock, random, logger, proxy } = options;
  const registry = createRegistry();
  createBuildMetrics(registry, readBuildInfo(), role);
  const storeMetrics = createStoreMetrics(registry);
  const files = await followConfigFiles({ config, clock, logger, registry });
  const runtimeMetrics = createRuntimeMetrics(registry);
  const transport = options.transport(runtimeMetrics);
  const platform: Platform = {
    config,
    transport,
    clock,
    random,
    logger,
    registry,
    runtimeMetrics,
    createCalls: await ec2Calls(role, proxy),
    async openQueue(queue) {
      // Most installs have none.
      const { createSqsQueue } = await import('../ec2/events/sqs.ts');
      return createSqsQueue({ ...queue, proxy });
    },
  };
  const observability = config.observability;
  let cluster: Cluster | undefined;
  let store: PostgresStore | undefined;
  let gatewayURL: string | undefined;
  let controller: ControllerPart | undefined;
  let stopped: Promise<void> | undefined;
  const health = await listening(
    'observability.healthListenPort',
    startHealthServer({
      host: observability.healthListenHost,
      port: observability.healthListenPort,
      livez: {},
      readyz: readinessChecks({
        role,
        files,
        clock,
        silentAfterMs: 2 * config.controller.leaseDurationMs,
        parts: () => ({
          cluster,
          database: store?.state(),
          elector: controller?.elector,
          gatewayURL,
          isStopping: stopped !== undefined,
        }),
      }),
    }),
  );
  const metrics = await listening(
    'observability.metricsListenPort',
    startMetricsServer({
      host: observability.metricsListenHost,
      port: observability.metricsListenPort,
      registry,
    }),
  );
  const part = role === 'gateway' ? 'kinds' : 'all';
  cluster = await joinCluster(platform, signal, part);
  const { database } = config;
  store = createPostgresStore({
    databaseURL: need(database.url, 'database.url'),
    caFile: database.caFile,
    passwordFile: database.passwordFile,
    iamRegion: database.auth === 'RdsIam' ? config.aws.region : undefined,
    iamCredentials: proxy && proxiedCredentials(config.aws.region, proxy),
    poolSize: database.poolSize,
    timeoutMs: database.statementTimeoutMs,
    logger,
  });
  storeMetrics.watch(store.state);
  let events: EventRecorder | undefined;
  let gateway: Gateway | undefined;
  let trust: { stop(): Promise<void> } | undefined;
  const stop = () => {
    stopped ??= close();
    return stopped;
  };
  async function close(): Promise<void> {
    await files.stop();
    await controller?.stop();
    await trust?.stop();
    await gateway?.stop();
    await events?.stop();
    await cluster?.stop();
    await store?.close();
    await health.close();
    await metrics.close();
    await transport.close();
  }
  if (!cluster) {
    await stop();
    return undefined;
  }
  events = createEventRecorder({
    client: cluster.kube,
    clock,
    random,
    logger,
    metrics: runtimeMetrics,
    reportingController: REPORTING_CONTROLLER,
    reportingInstance: hostname(),
  });
  const { namespace } = config.kubernetes;
  const fileEvents = createFileEvents({ kube: cluster.kube, namespace, events, logger });
  files.onNews(fileEvents.file);
  cluster.watch(part);
  await cluster.waitForSync(signal);
  // Half a cache would make what exists look absent.
  if (signal.aborted) {
    await stop();
    return undefined;
  }
  if (role !== 'controller') {
    gateway = await createGatewayPart(platform, files, cluster, store);
    gatewayURL = (await listening('gateway.listenPort', gateway.start())).url;
    trust = watchTrust({
      files,
      store,
      kube: cluster.kube,
      namespace,
      clock,
      logger,
      registry,
      onNote: fileEvents.distrusted,
    });
  }
  if (role !== 'gateway') controller = startControllerPart(platform, files, cluster, store);
  return { gatewayURL, metricsPort: metrics.port, healthPort: health.port, stop };
}

/** Loaded only where it is used: EC2's client costs a start 0.4 s of CPU, and a gateway asks EC2 for nothing. */
async function ec2Calls(role: Role, proxy: ProxyEnv | undefined): Promise<Platform['createCalls']> {
  if (role === 'gateway') {
    return () => {
      throw new TypeError('a gateway asks EC2 for nothing');
    };
  }
  const { createEc2Calls } = await import('../ec2/client.ts');
  return (calls) => createEc2Calls({ ...calls, proxy });
}
