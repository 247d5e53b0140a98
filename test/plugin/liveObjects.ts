import { API_VERSION } from '../../src/api/base/meta.ts';
import { type Workspace, workspaceSpec, workspaceStatus } from '../../src/api/kinds/workspace.ts';
import type { LiveWorkspace } from '../../src/plugin/dashboard/models/live.ts';

/** Objects for the dashboard's view models. */
export const AT = '2026-01-01T00:00:00.000Z';
export const minute = (minutes: number) => new Date(Date.parse(AT) + minutes * 60_000).toISOString();

export function workspaceOf(
  status: object,
  over: { spec?: object; metadata?: object } = {},
): Workspace & LiveWorkspace {
  return {
    apiVersion: API_VERSION,
    kind: 'Workspace',
    metadata: { namespace: 'team', name: 'ada', uid: 'u', resourceVersion: '1', ...over.metadata },
    spec: workspaceSpec.parse({ className: 'standard', ...over.spec }),
    status: workspaceStatus.parse(status),
  } as Workspace & LiveWorkspace;
}

export const condition = (
  reason: string,
  status = reason === 'Ready' ? 'True' : 'False',
  type = 'Ready',
) => ({
  type,
  status,
  reason,
  message: `${reason}.`,
  observedGeneration: 1,
  lastTransitionTime: AT,
});

export const launch = (over: object = {}) => ({
  number: 2,
  generation: 2,
  cause: { kind: 'SecretChanged', ref: '2' },
  phase: 'Submitted',
  instanceID: 'i-2',
  openedAt: minute(10),
  readyAt: minute(12),
  ...over,
});

export const past = (over: object = {}) => ({
  number: 1,
  generation: 1,
  cause: { kind: 'Created', ref: '1' },
  outcome: 'Superseded',
  instanceID: 'i-1',
  readyAt: minute(2),
  endedAt: minute(11),
  ...over,
});
