import { expect, test } from 'vitest';
import { API_VERSION } from '../../api/base/meta.ts';
import { type Workspace, workspaceSpec, workspaceStatus } from '../../api/kinds/workspace.ts';
import type { LaunchEvidence } from '../store/evidence.ts';
import { type Judgement, judgeAvailability } from './availability.ts';

interface Facts {
  deleting?: boolean;
  spec?: Record<string, unknown>;
  launch?: Record<string, unknown> | null;
  state?: string;
  ready?: string;
  evidence?: 'fresh' | 'silent' | 'unavailable' | 'none';
}

const AT = '2026-01-01T00:00:00.000Z';

function judge({
  deleting,
  spec,
  launch = {},
  state = 'running',
  ready,
  evidence = 'fresh',
}: Facts): Judgement {
  const workspace: Workspace = {
    apiVersion: API_VERSION,
    kind: 'Workspace',
    metadata: {
      namespace: 'n',
      name: 'w',
      uid: 'u',
      resourceVersion: '1',
      ...(deleting && { deletionTimestamp: AT }),
    },
    spec: workspaceSpec.parse({ className: 'c', ...spec }),
    status: workspaceStatus.parse({
      ...(launch && { launch: { number: 1, generation: 1, phase: 'Submitted', readyAt: AT, ...launch } }),
      instance: { id: 'i-1', state },
      conditions: ready
        ? [{ type: 'Ready', status: 'False', lastTransitionTime: AT, reason: ready, message: '' }]
        : [],
    }),
  };
  const row: LaunchEvidence = { uid: 'u', number: 1, fresh: evidence === 'fresh', reports: 0 };
  if (evidence === 'unavailable') return judgeAvailability(workspace, evidence);
  return judgeAvailability(workspace, evidence === 'none' ? undefined : row);
}

test.each<[string, Facts, Judgement['availability'], string]>([
  ['runs and heartbeats', {}, 'Ready', 'Ready'],
  ['has no launch yet', { launch: null }, 'Restarting', 'Replacing'],
  [
    'waits for its predecessor',
    { launch: { phase: 'Waiting', readyAt: undefined } },
    'Restarting',
    'Replacing',
  ],
  ['boots', { launch: { readyAt: undefined }, state: 'pending', evidence: 'none' }, 'Restarting', 'Booting'],
  ['runs without its first heartbeat', { launch: { readyAt: undefined } }, 'Restarting', 'Booting'],
  [
    'boots while the database is away',
    { launch: { readyAt: undefined }, evidence: 'unavailable' },
    'Restarting',
    'Booting',
  ],
  [
    'ended and will be replaced',
    { launch: { ended: { outcome: 'Ended', at: AT } } },
    'Restarting',
    'Replacing',
  ],
  ['is terminated before the operator saw it', { state: 'terminated' }, 'Restarting', 'Replacing'],
  ['ended and can’t be replaced', { state: 'terminated', ready: 'QuotaExceeded' }, 'Dead', 'QuotaExceeded'],
  ['ended while paused', { state: 'terminated', ready: 'Paused' }, 'Dead', 'Paused'],
  ['runs while paused', { ready: 'Paused' }, 'Ready', 'Ready'],
  ['fell silent', { evidence: 'silent' }, 'Unknown', 'HeartbeatLost'],
  ['can’t be judged', { evidence: 'unavailable' }, 'Unknown', 'EvidenceUnavailable'],
  [
    'heartbeats from an instance that EC2 does not show',
    { state: 'Unknown' },
    'Unknown',
    'InstanceNotRunning',
  ],
  [
    'is stopped on purpose',
    { spec: { operatingMode: 'Stopped' }, launch: { phase: 'Stopped' } },
    'Dead',
    'Stopped',
  ],
  ['is being stopped, and still serves', { spec: { operatingMode: 'Stopped' } }, 'Ready', 'Ready'],
  ['is started again', { launch: { phase: 'Stopped' } }, 'Restarting', 'Replacing'],
  ['is being deleted', { deleting: true }, 'Dead', 'Terminating'],
])('a Workspace that %s', (_name, facts, availability, reason) => {
  expect(judge(facts)).toEqual({ availability, reason });
});
