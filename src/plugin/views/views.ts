import { type LedgerRow, ledgerOf } from './ledger.ts';
import { conditionOf, type SeenClass, type SeenWorkspace } from './seen.ts';
import { type Why, whyOf } from './why.ts';

/** The shapes that `-o json` and `-o yaml` print; a field may be added, and none is renamed or removed within a version. */
export const VIEW_VERSION = 'plugin.compute.molecule.ai/v1';

export interface WorkspaceView {
  apiVersion: typeof VIEW_VERSION;
  kind: 'WorkspaceView';
  name: string;
  namespace: string;
  className: string;
  ready: boolean;
  upToDate: boolean;
  /** The present instance as EC2 last showed it. */
  instance?: { id: string; state: string; type?: string; zone?: string };
  /** The generation that is desired, and the one that the present launch carries out. */
  generation: { desired: number; launched: number };
  provisions: number;
  ledger: LedgerRow[];
  why?: Why;
}

/** @param flags what the command to type next ends with, such as ` --context=prod` */
export function viewOf(workspace: SeenWorkspace, flags = ''): WorkspaceView {
  const { metadata, spec, status = {} } = workspace;
  const why = whyOf(workspace, flags);
  return {
    apiVersion: VIEW_VERSION,
    kind: 'WorkspaceView',
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    className: spec.className ?? '',
    ready: conditionOf(workspace, 'Ready')?.status === 'True',
    upToDate: conditionOf(workspace, 'UpToDate')?.status === 'True',
    ...(status.instance && {
      instance: pick(status.instance),
    }),
    generation: { desired: status.desired?.generation ?? 0, launched: status.launch?.generation ?? 0 },
    provisions: status.provisions ?? 0,
    ledger: ledgerOf(workspace),
    ...(why && { why }),
  };
}

function pick({ id, state, type, zone }: NonNullable<WorkspaceView['instance']>) {
  return { id, state, ...(type !== undefined && { type }), ...(zone !== undefined && { zone }) };
}

export interface RolloutView {
  apiVersion: typeof VIEW_VERSION;
  kind: 'RolloutView';
  className: string;
  /** RolloutComplete, RollingOut, RolloutHalted, or Unknown before the operator has looked at the class as it is. */
  reason: string;
  message: string;
  counts: { total: number; current: number; updating: number; failing: number };
  progress?: { updated: number; total: number; estimatedEndAt?: string; endedAt?: string };
  halted: { since: string; by?: string; message: string }[];
}

export function rolloutOf(klass: SeenClass): RolloutView {
  const { status = {} } = klass;
  const { generation = 0 } = klass.metadata;
  // Of before an edit, it would call a roll-out complete that has not begun.
  const isOutdated = (status.observedGeneration ?? generation) < generation;
  const condition = isOutdated ? undefined : conditionOf(klass, 'RolloutComplete');
  const { rollout } = status;
  return {
    apiVersion: VIEW_VERSION,
    kind: 'RolloutView',
    className: klass.metadata.name,
    reason: condition?.reason ?? 'Unknown',
    message:
      condition?.message ??
      `The operator has not looked at ${isOutdated ? `generation ${generation} of the class` : 'the class'} yet.`,
    counts: status.counts ?? { total: 0, current: 0, updating: 0, failing: 0 },
    ...(rollout && {
      progress: {
        updated: rollout.updated,
        total: rollout.total,
        ...(rollout.estimatedEndAt !== undefined && { estimatedEndAt: rollout.estimatedEndAt }),
        ...(rollout.endedAt !== undefined && { endedAt: rollout.endedAt }),
      },
    }),
    halted: (status.halted ?? []).map(({ since, by, message }) => ({
      since,
      ...(by !== undefined && { by }),
      message,
    })),
  };
}
