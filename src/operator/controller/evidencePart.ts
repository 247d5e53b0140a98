import type { Cluster, Platform } from '../../cluster/cluster.ts';
import type { Leadership } from '../../controller/lease/leadership.ts';
import type { Observer } from '../../ec2/observe/observer.ts';
import { createEvidencePoller, type EvidencePoller } from '../../gateway/heartbeats/evidencePoller.ts';
import type { HeartbeatStore } from '../../gateway/store/heartbeatStore.ts';
import { judgeCloud } from '../../reconcilers/class/cloudEvidence.ts';
import { type ClassEvidence, createClassEvidence } from '../../reconcilers/class/evidence.ts';
import { createClassMetrics } from '../../reconcilers/class/metrics.ts';
import type { QueuesPart } from './queuesPart.ts';

/** Sweeps without an answer after which EC2 counts as away. */
const MISSED_SWEEPS = 5;
/** Below it a busy machine, not EC2, would be judged. */
const LEAST_UNAVAILABLE_MS = 5_000;

export interface EvidencePart {
  /** Heartbeats, launch by launch. */
  evidence: EvidencePoller;
  /** Whether a class can be judged by them. */
  classEvidence: ClassEvidence;
}

/** What is known of whether instances live. It runs in a standby as well. */
export function createEvidencePart(
  { config, clock, logger, registry }: Platform,
  cluster: Cluster,
  given: {
    store: HeartbeatStore;
    queues: Pick<QueuesPart, 'changed' | 'addClass' | 'fleet'>;
    cloud: Observer;
    lease: Leadership;
  },
): EvidencePart {
  const { store, queues, cloud, lease } = given;
  const { aws, controller, timing } = config;
  const unavailableAfterMs = Math.max(MISSED_SWEEPS * aws.sweepIntervalMs, LEAST_UNAVAILABLE_MS);
  const evidence = createEvidencePoller({
    store,
    clock,
    logger,
    onChange: queues.changed,
    onPoll: (isNew) => classEvidence.refresh(isNew),
    pollIntervalMs: controller.evidencePollIntervalMs,
  });
  const classEvidence = createClassEvidence({
    ...cluster,
    ofOthers: queues.fleet.ofOthers,
    evidence,
    cloud: () => judgeCloud({ cloud, lease, clock, unavailableAfterMs }),
    clock,
    secondMs: timing.secondMs,
    onChange: queues.addClass,
  });
  createClassMetrics(registry).watchMissing(classEvidence.missing);
  return { evidence, classEvidence };
}
