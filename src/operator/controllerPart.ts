import { hostname } from 'node:os';
import { readAgentFiles } from '../agent/files.ts';
import type { Cluster, Platform } from '../cluster/cluster.ts';
import { need } from '../config/commandLine.ts';
import type { ConfigFiles } from '../config/configFiles.ts';
import { objectKey } from '../controller/cache/store.ts';
import { createEventRecorder } from '../controller/events/events.ts';
import { type LeaderElector, startLeaderElection } from '../controller/lease/leaderElection.ts';
import { createController } from '../controller/loop/controller.ts';
import { createTurns } from '../controller/loop/turns.ts';
import { createWorkqueue } from '../controller/loop/workqueue.ts';
import { createBuckets, scaledBucketSizes } from '../ec2/calls/buckets.ts';
import { createEc2Metrics } from '../ec2/calls/metrics.ts';
import { createLines } from '../ec2/lines/lines.ts';
import { createObserver } from '../ec2/observe/observer.ts';
import { createResolver } from '../ec2/resolve/resolve.ts';
import { createEvidencePoller } from '../gateway/heartbeats/evidencePoller.ts';
import type { HeartbeatStore } from '../gateway/store/heartbeatStore.ts';
import { judgeCloud } from '../reconcilers/class/cloudEvidence.ts';
import { createClassEvidence } from '../reconcilers/class/evidence.ts';
import { createClassLookUps } from '../reconcilers/class/lookUps.ts';
import { createClassMetrics } from '../reconcilers/class/metrics.ts';
import { createPace } from '../reconcilers/class/pace.ts';
import { createClassReconciler } from '../reconcilers/class/reconciler.ts';
import { createContentNames } from '../reconcilers/fleet/contentNames.ts';
import { createFleet } from '../reconcilers/fleet/fleet.ts';
import { createOrphanMetrics } from '../reconcilers/orphans/metrics.ts';
import { createOrphans } from '../reconcilers/orphans/orphans.ts';
import { createSecretReads } from '../reconcilers/workspace/context/secretReads.ts';
import { NEAR_MS } from '../reconcilers/workspace/decide/room/line.ts';
import { laneOf } from '../reconcilers/workspace/lane.ts';
import { readSecret } from '../reconcilers/workspace/observe/readSecret.ts';
import { createWorkspaceReconciler } from '../reconcilers/workspace/reconciler.ts';
import { createRefusals } from '../reconcilers/workspace/refusals.ts';
import { connectTriggers } from '../reconcilers/workspace/triggers.ts';
import { createUserDataCollector } from '../reconcilers/workspace/userData/userDataCollector.ts';
import { createUserDataStore } from '../reconcilers/workspace/userData/userDataStore.ts';
import { createFiguresPart } from './figuresPart.ts';
import { createKeysPart } from './keysPart.ts';
import { inScope } from './scopedEvents.ts';

export interface ControllerPart {
  elector: LeaderElector;
  /** Finishes the passes at work, gives the lease back. */
  stop(): Promise<void>;
}

/** The reporting controller of events. */
export const REPORTING_CONTROLLER = 'compute.molecule.ai/workspace-operator';

/** The longest pause after a pass that failed, ms. */
const MAX_ERROR_BACKOFF_MS = 60_000;

/** Sweeps without an answer after which EC2 counts as away. */
const MISSED_SWEEPS = 5;
/** Below it a busy machine, not EC2, would be judged. */
const LEAST_UNAVAILABLE_MS = 5_000;

/** The controller: observers that run always or while it leads, and the loop, which runs only while it leads. */
export function startControllerPart(
  platform: Platform,
  files: ConfigFiles,
  cluster: Cluster,
  store: HeartbeatStore,
): ControllerPart {
  const { config, clock, random, logger, registry, runtimeMetrics: metrics, transport } = platform;
  const { aws, controller: settings, gateway, kubernetes, timing } = config;
  const { launch } = cluster;
  if (!launch) throw new TypeError('a controller needs the keys of launches: join the cluster as a whole');
  const name = 'workspace';
  const turns = createTurns({ clock });
  const queue = createWorkqueue({
    name,
    clock,
    metrics,
    limits: { maxMs: MAX_ERROR_BACKOFF_MS },
    laneOf: (key) => laneOf(cluster.workspaces.get(key)),
  });
  const changed = connectTriggers(cluster, queue);
  const classQueue = createWorkqueue({
    name: 'workspaceclass',
    clock,
    metrics,
    limits: { maxMs: MAX_ERROR_BACKOFF_MS },
  });
  const pace = createPace({ clock, statusIntervalMs: settings.classStatusIntervalMs });
  const fleet = createFleet({
    ...cluster,
    names: createContentNames(cluster.keys),
    onClass(className, news) {
      if (news === 'numbers') classQueue.addAfter(className, pace.dueInMs(className));
      else classQueue.add(className);
    },
    onPlace: queue.add,
  });
  cluster.classes.onChange(({ object }) => classQueue.add(object.metadata.name));
  const ec2Metrics = createEc2Metrics(registry);
  const buckets = createBuckets({
    clock,
    random,
    metrics: ec2Metrics,
    sizes: scaledBucketSizes(aws.requestRatePercent / 100),
  });
  const calls = platform.createCalls({
    region: need(aws.region, 'aws.region'),
    endpoint: aws.ec2Endpoint,
    ssmEndpoint: aws.ssmEndpoint,
    timeoutMs: aws.timeoutMs,
    buckets,
    clock,
    metrics: ec2Metrics,
    logger,
  });
  const cloud = createObserver({
    calls,
    clusterID: cluster.clusterID,
    clock,
    random,
    logger,
    metrics: ec2Metrics,
    sweepIntervalMs: aws.sweepIntervalMs,
    lookupIntervalMs: aws.lookupIntervalMs,
    statusIntervalMs: aws.statusIntervalMs,
    onChange(uid) {
      changed(uid);
      figures.saw(uid);
    },
    onSweep: () => orphans.swept(),
  });
  const evidence = createEvidencePoller({
    store,
    clock,
    logger,
    onChange: changed,
    onPoll: (isNew) => classEvidence.refresh(isNew),
    pollIntervalMs: settings.evidencePollIntervalMs,
  });
  const classEvidence = createClassEvidence({
    ...cluster,
    evidence,
    cloud: () =>
      judgeCloud({
        cloud,
        lease,
        clock,
        unavailableAfterMs: Math.max(MISSED_SWEEPS * aws.sweepIntervalMs, LEAST_UNAVAILABLE_MS),
      }),
    clock,
    secondMs: timing.secondMs,
    onChange(className) {
      classQueue.add(className);
      for (const workspace of cluster.workspaces.byIndex('class', className)) queue.add(objectKey(workspace));
    },
  });
  createClassMetrics(registry).watchMissing(classEvidence.missing);
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
  const userData = createUserDataStore({
    kube: cluster.kube,
    namespace: kubernetes.namespace,
    clusterID: cluster.clusterID,
    keys: cluster.keys,
    gatewayURL: need(gateway.url, 'gateway.url'),
    caBundle: () => files.caBundle,
    agentScript: readAgentFiles().script,
  });
  // Forgotten sooner than a class looks again, or the look would find what it found before.
  const resolver = createResolver({ calls, clock, ttlMs: aws.resolveIntervalMs / 5 });
  const lease = { held: () => elector.held(), term: () => elector.term() };
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
    onChange: (key) => queue.add(key),
  });
  const figures = createFiguresPart(platform, cluster, { cloud, fleet, lease, events });
  const keys = createKeysPart(platform, cluster, { lease, events, workspaceQueue: queue });
  const readOne = (...of: [namespace: string, name: string]) => readSecret(cluster.kube, ...of);
  const secretReads = createSecretReads({ ...cluster, clock, readSecret: readOne });
  const reconcile = createWorkspaceReconciler({
    ...cluster,
    secretReads,
    ...userData,
    publishKey: keys.publish,
    fleet,
    cloud,
    calls,
    lines: createLines({
      buckets,
      clock,
      metrics: ec2Metrics,
      wake: queue.add,
      workers: settings.workers,
      nearMs: NEAR_MS,
    }),
    resolver,
    offerings: createRefusals(cluster, launch.keys, { clock, wake: queue.add, aws, timing }),
    evidence,
    massSilence: classEvidence.massSilence,
    launchKeys: launch.keys,
    earlierSelves: orphans.earlierSelves,
    mostEnvironmentBytes: config.gateway.maxEnvironmentBytes,
    lease,
    events,
    wake: queue.add,
    clock,
    timing,
  });
  const loop = { clock, random, logger, metrics, turns };
  const controller = createController({ name, reconcile, queue, workers: settings.workers, ...loop });
  const classController = createController({
    name: 'workspaceclass',
    reconcile: createClassReconciler({
      ...cluster,
      operator: cluster.scope.namespaces && kubernetes.namespace,
      fleet,
      evidence: classEvidence,
      lookUps: createClassLookUps({ resolver, clock, onEnd: classQueue.add }),
      pace,
      lease,
      events,
      clock,
      timing: { resolveIntervalMs: aws.resolveIntervalMs, statusIntervalMs: settings.classStatusIntervalMs },
    }),
    queue: classQueue,
    ...loop,
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
      collector.start();
      figures.start();
      cloud.start();
      controller.start();
      classController.start();
      keys.start();
      for (const { metadata } of cluster.classes.list()) classQueue.add(metadata.name);
      for (const workspace of cluster.workspaces.list()) queue.add(objectKey(workspace));
    },
    async onStopped() {
      await Promise.all([controller, classController, keys].map((it) => it.stop(settings.drainGraceMs)));
      secretReads.forget();
      await cloud.stop();
      figures.stop();
      await orphans.stop();
      await collector.stop();
    },
  });
  return {
    elector,
    async stop() {
      // Its timers would keep the process; the next leader does the queued work, so don't wait for it here.
      void queue.shutDown();
      void classQueue.shutDown();
      await elector.stop();
      await evidence.stop();
      await events.stop();
      calls.close();
    },
  };
}
