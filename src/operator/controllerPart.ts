import { hostname } from 'node:os';
import { readAgentFiles } from '../agent/files.ts';
import type { Cluster, Platform } from '../cluster/cluster.ts';
import { need } from '../config/commandLine.ts';
import type { ConfigFiles } from '../config/configFiles.ts';
import { createEventRecorder } from '../controller/events/events.ts';
import { type LeaderElector, startLeaderElection } from '../controller/lease/leaderElection.ts';
import type { HeartbeatStore } from '../gateway/store/heartbeatStore.ts';
import { createOrphanMetrics } from '../reconcilers/orphans/metrics.ts';
import { createOrphans } from '../reconcilers/orphans/orphans.ts';
import { createUserDataCollector } from '../reconcilers/workspace/userData/userDataCollector.ts';
import { createUserDataStore } from '../reconcilers/workspace/userData/userDataStore.ts';
import { createCloudPart } from './controller/cloudPart.ts';
import { createEvidencePart } from './controller/evidencePart.ts';
import { createFiguresPart } from './controller/figuresPart.ts';
import { createKeysPart } from './controller/keysPart.ts';
import { createLeaseEvents } from './controller/leaseEvents.ts';
import { createLoopsPart } from './controller/loopsPart.ts';
import { createQueuesPart } from './controller/queuesPart.ts';
import { inScope } from './controller/scopedEvents.ts';

export interface ControllerPart {
  elector: LeaderElector;
  /** Finishes the passes at work, gives the lease back. */
  stop(): Promise<void>;
}

/** The reporting controller of events. */
export const REPORTING_CONTROLLER = 'compute.molecule.ai/workspace-operator';

/** The controller: observers that run always or while it leads, and the loop, which runs only while it leads. */
export function startControllerPart(
  platform: Platform,
  files: ConfigFiles,
  cluster: Cluster,
  store: HeartbeatStore,
): ControllerPart {
  const { config, clock, random, logger, registry, runtimeMetrics: metrics, transport } = platform;
  const { controller: settings, gateway, kubernetes } = config;
  const { launch } = cluster;
  if (!launch) throw new TypeError('a controller needs the keys of launches: join the cluster as a whole');
  const lease = { held: () => elector.held(), term: () => elector.term() };
  const queues = createQueuesPart(platform, cluster, launch.keys);
  const cloudPart = createCloudPart(platform, cluster, {
    change(uid) {
      queues.changed(uid);
      figures.saw(uid);
    },
    sweep: () => orphans.swept(),
    turn: queues.workspaces.add,
    distrust: (note) => recordOnLease('EventsDistrusted', note),
  });
  const { calls, cloud } = cloudPart;
  const evidencePart = createEvidencePart(platform, cluster, { store, queues, cloud, lease });
  const { evidence } = evidencePart;
  const leaseTarget = { namespace: kubernetes.namespace, name: 'workspace-operator' };
  const recorder = createEventRecorder({
    client: cluster.kube,
    clock,
    random,
    logger,
    metrics,
    reportingController: REPORTING_CONTROLLER,
    reportingInstance: hostname(),
  });
  const events = inScope(recorder, cluster.scope, { kube: cluster.kube, lease: leaseTarget });
  const recordOnLease = createLeaseEvents({ kube: cluster.kube, leaseTarget, events, logger });
  const userData = createUserDataStore({
    kube: cluster.kube,
    namespace: kubernetes.namespace,
    clusterID: cluster.clusterID,
    keys: cluster.keys,
    gatewayURL: need(gateway.url, 'gateway.url'),
    caBundle: () => files.caBundle,
    agentScript: readAgentFiles().script,
  });
  const collector = createUserDataCollector({
    ...cluster,
    namespace: kubernetes.namespace,
    userData,
    lease,
    clock,
    logger,
    retentionMs: settings.userDataRetentionMs,
    heldBundles: async () => (await store.countBundles()).keys(),
  });
  const orphans = createOrphans({
    ...cluster,
    cloud,
    calls,
    evidence,
    lease,
    leaseTarget,
    events,
    clock,
    logger,
    metrics: createOrphanMetrics(registry),
    settings: config.orphans,
    onChange: (key) => queues.workspaces.add(key),
  });
  const { fleet } = queues;
  const figures = createFiguresPart(platform, cluster, { cloud, fleet, lease, events });
  const keys = createKeysPart(platform, cluster, { lease, events, workspaceQueue: queues.workspaces });
  const loops = createLoopsPart(platform, cluster, {
    ...cloudPart,
    ...evidencePart,
    ...userData,
    queues,
    publishKey: keys.publish,
    launchKeys: launch.keys,
    earlierSelves: orphans.earlierSelves,
    lease,
    events,
  });
  evidence.start();

  const elector = startLeaderElection({
    transport,
    lease: leaseTarget,
    identity: hostname(),
    clock,
    random,
    logger,
    metrics,
    leaseDurationMs: settings.leaseDurationMs,
    renewDeadlineMs: settings.leaseRenewDeadlineMs,
    retryPeriodMs: settings.leaseRetryPeriodMs,
    onStarted() {
      userData.trustNothing();
      fleet.judgeAgain();
      collector.start();
      figures.start();
      cloudPart.start();
      loops.start();
      keys.start();
      queues.addAll();
    },
    async onStopped() {
      await Promise.all([loops, keys].map((it) => it.stop(settings.drainGraceMs)));
      loops.forget();
      await cloudPart.stop();
      figures.stop();
      await orphans.stop();
      await collector.stop();
    },
  });
  return {
    elector,
    async stop() {
      queues.shutDown();
      await elector.stop();
      await evidence.stop();
      await events.stop();
      calls.close();
    },
  };
}
