import { conditionIn } from '../../api/base/conditions.ts';
import type { CauseKind, Outcome } from '../../api/reasons/causes.ts';

/**
 * What the plugin reads of objects, as any release's API server gives them: each field may be missing, so that a plugin of one
 * release works with an operator of another.
 */
export interface Metadata {
  name: string;
  namespace?: string;
  generation?: number;
  deletionTimestamp?: string;
}

export interface SeenCondition {
  type: string;
  status: string;
  reason: string;
  message: string;
  lastTransitionTime?: string;
}

export interface SeenLaunch {
  number: number;
  generation?: number;
  cause?: { kind: CauseKind; ref: string };
  phase?: string;
  instanceID?: string;
  openedAt?: string;
  readyAt?: string;
  ended?: { outcome: Outcome; at: string; message?: string };
}

interface SeenPast extends Omit<SeenLaunch, 'ended'> {
  outcome?: Outcome;
  endedAt?: string;
  message?: string;
}

export interface SeenWorkspace {
  metadata: Metadata;
  spec: {
    className?: string;
    operatingMode?: string;
    paused?: boolean;
    requests?: { restart?: string };
  };
  status?: {
    observedGeneration?: number;
    conditions?: SeenCondition[];
    desired?: { generation: number; cause: CauseKind; changed?: string[]; at: string };
    deferred?: { generation: number; until: string };
    launch?: SeenLaunch;
    terminating?: { number: number; instanceID: string }[];
    instance?: { id: string; state: string; type?: string; zone?: string };
    provisions?: number;
    history?: SeenPast[];
  };
}

export interface SeenClass {
  metadata: Metadata;
  status?: {
    observedGeneration?: number;
    conditions?: SeenCondition[];
    counts?: { total: number; current: number; updating: number; failing: number };
    rollout?: {
      startedAt: string;
      total: number;
      updated: number;
      estimatedEndAt?: string;
      endedAt?: string;
    };
    halted?: { content: string; since: string; by?: string; message: string }[];
  };
}

export function conditionOf(
  { status }: { status?: { conditions?: SeenCondition[] } },
  type: string,
): SeenCondition | undefined {
  return conditionIn(status, type);
}
