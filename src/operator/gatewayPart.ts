import { readAgentFiles } from '../agent/files.ts';
import type { Cluster, Platform } from '../cluster/cluster.ts';
import type { LiveFiles } from '../config/liveFiles.ts';
import { allowEveryone } from '../gateway/access/callers.ts';
import { createReviewedCallers } from '../gateway/access/reviewedCallers.ts';
import { createAgentShelf } from '../gateway/routes/agentShelf.ts';
import { createGateway, type Gateway, type Reloadable } from '../gateway/server.ts';
import type { HeartbeatStore } from '../gateway/store/heartbeatStore.ts';
import { readSecret } from '../reconcilers/workspace/observe/readSecret.ts';

/** The gateway with everything that it needs from the cluster. */
export async function createGatewayPart(
  platform: Platform,
  files: LiveFiles,
  cluster: Cluster,
  store: HeartbeatStore,
): Promise<Gateway> {
  const { config, clock, random, logger, registry } = platform;
  const settings = config.gateway;
  const gateway = createGateway({
    clusterID: cluster.clusterID,
    keys: cluster.keys,
    workspaces: cluster.workspaces,
    classes: cluster.classes,
    readSecret: (namespace, name) => readSecret(cluster.kube, namespace, name),
    store,
    environments: {
      largestBytes: settings.maxEnvironmentBytes,
      mostBytes: settings.maxEnvironmentBytesInFlight,
    },
    identityScope: { accountID: config.aws.accountID, region: config.aws.region },
    agent: createAgentShelf({
      kube: cluster.kube,
      namespace: config.kubernetes.namespace,
      present: readAgentFiles(),
      clock,
      logger,
    }),
    clock,
    random,
    logger,
    metrics: registry,
    callers:
      settings.callerPolicy === 'Everyone'
        ? allowEveryone
        : createReviewedCallers({
            kube: cluster.kube,
            clock,
            logger,
            audiences: settings.callerAudience.split(',').map((name) => name.trim()),
            cacheMs: settings.callerCacheMs,
            staleMs: settings.callerStaleMs,
            timeoutMs: settings.callerTimeoutMs,
          }),
    host: settings.listenHost,
    port: settings.listenPort,
    ...reloadable(files),
    limits: {
      perLaunch: settings.perLaunchLimit,
      perCaller: settings.perCallerLimit,
      perAddress: settings.perAddressLimit,
    },
    connections: { total: settings.maxConnections, perAddress: settings.maxConnectionsPerAddress },
    flushIntervalMs: settings.flushIntervalMs,
    beatIntervalMs: settings.beatIntervalMs,
    pruneAfterMs: settings.retentionMs,
  });
  files.onNews(({ fault }) => {
    if (fault === undefined) gateway.reload(reloadable(files));
  });
  return gateway;
}

function reloadable({ tls, identityCertificates, caBundle }: LiveFiles): Reloadable {
  return { ...(tls && { tls }), trustedCertificates: identityCertificates, caBundle };
}
