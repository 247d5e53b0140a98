import { readFile } from 'node:fs/promises';
import { readAgentFiles } from './agent/files.ts';
import type { Cluster, Platform } from './cluster.ts';
import { need } from './commandLine.ts';
import type { HeartbeatStore } from './gateway/heartbeatStore.ts';
import { createGateway, type Gateway } from './gateway/server.ts';
import { readSecret } from './reconcilers/workspace/secrets.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The gateway with everything that it needs from the cluster. */
export async function createGatewayPart(
  platform: Platform,
  cluster: Cluster,
  store: HeartbeatStore,
): Promise<Gateway> {
  const { config, clock, logger, registry } = platform;
  const settings = config.gateway;
  const certificatesFile = need(settings.identityCertificatesFile, 'gateway.identityCertificatesFile');
  const { tlsCertFile, tlsKeyFile } = settings;
  return createGateway({
    clusterID: cluster.clusterID,
    keys: cluster.keys,
    workspaces: cluster.workspaces,
    classes: cluster.classes,
    readSecret: (namespace, name) => readSecret(cluster.kube, namespace, name),
    store,
    trustedCertificates: (await readFile(certificatesFile, 'utf8')).match(CERTIFICATE) ?? [],
    agent: await readAgentFiles(),
    clock,
    logger,
    metrics: registry,
    host: settings.listenHost,
    port: settings.listenPort,
    tls:
      tlsCertFile && tlsKeyFile
        ? { cert: await readFile(tlsCertFile), key: await readFile(tlsKeyFile) }
        : undefined,
    limits: { perLaunch: settings.perLaunchLimit, perAddress: settings.perAddressLimit },
    flushIntervalMs: settings.flushIntervalMs,
    beatIntervalMs: settings.beatIntervalMs,
    pruneAfterMs: settings.retentionMs,
  });
}
