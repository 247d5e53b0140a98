import type { Cluster, KeptKeys, Platform } from '../../cluster/cluster.ts';
import type { Leadership } from '../../controller/lease/leadership.ts';
import { createController } from '../../controller/loop/controller.ts';
import { createTurns } from '../../controller/loop/turns.ts';
import { createClassLookUps } from '../../reconcilers/class/lookUps.ts';
import { createClassReconciler } from '../../reconcilers/class/reconciler.ts';
import type { Events } from '../../reconcilers/events.ts';
import type { WorkspaceDeps } from '../../reconcilers/workspace/context/deps.ts';
import { createSecretReads } from '../../reconcilers/workspace/context/secretReads.ts';
import { readSecret } from '../../reconcilers/workspace/observe/readSecret.ts';
import { createWorkspaceReconciler } from '../../reconcilers/workspace/reconciler.ts';
import { createRefusals } from '../../reconcilers/workspace/refusals.ts';
import type { CloudPart } from './cloudPart.ts';
import type { EvidencePart } from './evidencePart.ts';
import type { QueuesPart } from './queuesPart.ts';

export interface LoopsPart {
  start(): void;
  /** Finishes the passes at work. */
  stop(graceMs: number): Promise<unknown>;
  /** Lets go of what was read of Secrets. */
  forget(): void;
}

/** What the loops work with, beside the cluster. */
interface LoopsGiven
  extends CloudPart,
    EvidencePart,
    Pick<WorkspaceDeps, 'userDataFor' | 'renderUserData' | 'publishKey' | 'earlierSelves'> {
  queues: QueuesPart;
  launchKeys: KeptKeys['keys'];
  lease: Leadership;
  events: Events;
}

/** The two loops, over Workspaces and over classes. They run only while this process leads. */
export function createLoopsPart(platform: Platform, cluster: Cluster, given: LoopsGiven): LoopsPart {
  const { config, clock, random, logger, runtimeMetrics: metrics } = platform;
  const { aws, controller: settings, timing } = config;
  const { queues, classEvidence, launchKeys, resolver, lease, events } = given;
  const { workspaces, classes, fleet, pace } = queues;
  const wake = workspaces.add;
  const readOne = (...of: [namespace: string, name: string]) => readSecret(cluster.kube, ...of);
  const secretReads = createSecretReads({ ...cluster, clock, readSecret: readOne });
  const offerings = createRefusals(cluster, launchKeys, { clock, wake, aws, timing });
  const loop = { clock, random, logger, metrics, turns: createTurns({ clock }) };
  const workspaceLoop = createController({
    name: 'workspace',
    reconcile: createWorkspaceReconciler({
      ...cluster,
      ...given,
      secretReads,
      fleet,
      offerings,
      massSilence: classEvidence.massSilence,
      mostEnvironmentBytes: config.gateway.maxEnvironmentBytes,
      wake,
      clock,
      timing,
    }),
    queue: workspaces,
    workers: settings.workers,
    ...loop,
  });
  const classLoop = createController({
    name: 'workspaceclass',
    reconcile: createClassReconciler({
      ...cluster,
      operator: cluster.scope.namespaces && config.kubernetes.namespace,
      fleet,
      evidence: classEvidence,
      lookUps: createClassLookUps({ resolver, clock, onEnd: classes.add }),
      pace,
      lease,
      events,
      clock,
      timing: { resolveIntervalMs: aws.resolveIntervalMs, statusIntervalMs: settings.classStatusIntervalMs },
    }),
    queue: classes,
    ...loop,
  });
  return {
    start() {
      offerings.judgeAgain();
      workspaceLoop.start();
      classLoop.start();
    },
    stop: (graceMs) => Promise.all([workspaceLoop.stop(graceMs), classLoop.stop(graceMs)]),
    forget: secretReads.forget,
  };
}
