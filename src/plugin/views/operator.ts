import type { Metadata } from './seen.ts';

/** What the plugin reads of the operator's own objects; each field may be missing. */
export interface SeenContainer {
  name: string;
  image?: string;
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: object }[];
  [field: string]: unknown;
}

export interface SeenTemplate {
  metadata?: { labels?: Record<string, string> };
  spec: {
    containers: SeenContainer[];
    volumes?: { name: string; configMap?: { name: string } }[];
    [field: string]: unknown;
  };
}

export interface SeenDeployment {
  metadata: Metadata & { labels?: Record<string, string> };
  spec: { replicas?: number; template: SeenTemplate };
  status?: { readyReplicas?: number; updatedReplicas?: number; observedGeneration?: number };
}

interface SeenState {
  waiting?: { reason?: string; message?: string };
  terminated?: { reason?: string; exitCode?: number };
  running?: object;
}

export interface SeenPod {
  metadata: Metadata & { labels?: Record<string, string> };
  spec?: { containers?: { name: string }[] };
  status?: {
    phase?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: { name: string; ready: boolean; restartCount?: number; state?: SeenState }[];
  };
}

export interface SeenLease {
  spec?: { holderIdentity?: string; renewTime?: string; leaseDurationSeconds?: number };
}

/** The parts of the operator, as the chart's labels name them. */
export const PARTS = ['controller', 'gateway'] as const;
export type Part = (typeof PARTS)[number];

export const OPERATOR_LABEL = 'app.kubernetes.io/name=workspace-operator';
const COMPONENT = 'app.kubernetes.io/component';

export function partOf({ metadata }: { metadata: { labels?: Record<string, string> } }): string | undefined {
  return metadata.labels?.[COMPONENT];
}

/** The value of a variable that the part's container has as plain text. */
export function settingOf({ spec }: SeenDeployment, name: string): string | undefined {
  return spec.template.spec.containers[0]?.env?.find((it) => it.name === name)?.value;
}

export function isReady({ status, metadata }: SeenPod): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
  );
}
