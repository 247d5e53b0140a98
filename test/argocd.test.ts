import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { CLASS_ASPECT_TYPES, classReasons, classTraitsOf } from '../src/api/reasons/classReasons.ts';
import { READY_REASONS, standingOf, UP_TO_DATE_REASONS } from '../src/api/reasons/reasons.ts';
import { healthOf } from './support/programs/lua.ts';

const read = (name: string) => readFile(new URL(`../deploy/argocd/${name}`, import.meta.url), 'utf8');
const WORKSPACE = await read('workspace.lua');
const CLASS = await read('workspaceclass.lua');

const NEEDS_PERSON = 'needsPerson';
const SUSPENDED = new Set(['Stopped', 'Paused']);

interface Shown {
  ready: string;
  upToDate?: string;
  generation?: number;
  deleted?: boolean;
}

/** A Workspace with conditions as the operator sets them (judgeConditions). */
function workspace({ ready, upToDate = 'UpToDate', generation = 2, deleted = false }: Shown) {
  const isReady = ready === 'Ready';
  const settled = (isReady && upToDate === 'UpToDate') || ready === 'Stopped';
  const stalled = [ready, upToDate].find((reason) => standingOf(reason) === NEEDS_PERSON);
  const condition = (type: string, is: boolean, reason: string, message = '') => ({
    type,
    status: is ? 'True' : 'False',
    reason,
    message,
  });
  return {
    metadata: { generation, ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    status: {
      observedGeneration: 2,
      conditions: [
        condition('Ready', isReady, ready, `says "${ready}"`),
        condition('UpToDate', upToDate === 'UpToDate', upToDate),
        condition('Reconciling', !settled && stalled === undefined, 'Settled'),
        condition(
          'Stalled',
          stalled !== undefined,
          stalled ?? 'Progressing',
          stalled && `${stalled} needs you`,
        ),
      ],
    },
  };
}

function expected(ready: string): string {
  if (standingOf(ready) === NEEDS_PERSON) return 'Degraded';
  if (SUSPENDED.has(ready)) return 'Suspended';
  return ready === 'Ready' ? 'Healthy' : 'Progressing';
}

test.each(Object.keys(READY_REASONS))('a Workspace whose Ready says %s has its health', (ready) => {
  const { status, message } = healthOf(WORKSPACE, workspace({ ready }));
  expect(status).toBe(expected(ready));
  expect(message).toContain(ready);
});

test('booting is progressing, what needs a person degraded, stopped and paused suspended', () => {
  expect(['Booting', 'ClassNotFound', 'Stopped', 'Paused', 'Ready'].map(expected)).toEqual([
    'Progressing',
    'Degraded',
    'Suspended',
    'Suspended',
    'Healthy',
  ]);
});

test.each(Object.keys(UP_TO_DATE_REASONS))('one that serves and whose UpToDate says %s', (upToDate) => {
  const { status } = healthOf(WORKSPACE, workspace({ ready: 'Ready', upToDate }));
  const changing = standingOf(upToDate) === NEEDS_PERSON ? 'Degraded' : 'Progressing';
  expect(status).toBe(upToDate === 'UpToDate' ? 'Healthy' : changing);
});

test('one that the operator has not seen, or whose change it has not seen, is progressing; so is one that is deleted', () => {
  expect(healthOf(WORKSPACE, { metadata: { generation: 1 } }).status).toBe('Progressing');
  expect(healthOf(WORKSPACE, { metadata: { generation: 1 }, status: {} }).status).toBe('Progressing');
  expect(healthOf(WORKSPACE, workspace({ ready: 'Ready', generation: 3 })).status).toBe('Progressing');
  expect(healthOf(WORKSPACE, workspace({ ready: 'Ready', deleted: true })).status).toBe('Progressing');
});

const CASES = CLASS_ASPECT_TYPES.flatMap((type) =>
  Object.keys(classReasons(type)).map((reason) => [type, reason] as const),
);

test.each(CASES)('a class whose %s says %s has its health', (type, reason) => {
  const grave = classTraitsOf(type, reason)?.grave === true;
  const rolling = type === 'RolloutComplete' && reason !== 'Complete';
  const is = (status: boolean) => (status ? 'True' : 'False');
  const ready = {
    type: 'Ready',
    status: is(!grave),
    reason: grave ? reason : 'Ready',
    message: 'm',
    observedGeneration: 1,
  };
  const rollout = {
    type: 'RolloutComplete',
    status: is(!rolling),
    reason: rolling ? reason : 'Complete',
    message: 'm',
  };
  const { status } = healthOf(CLASS, {
    metadata: { generation: 1 },
    status: { conditions: [ready, rollout] },
  });
  expect(status).toBe(grave ? 'Degraded' : rolling ? 'Progressing' : 'Healthy');
});

test('a class that was not looked at yet is progressing', () => {
  expect(healthOf(CLASS, { metadata: { generation: 1 } }).status).toBe('Progressing');
  const stale = { type: 'Ready', status: 'False', reason: 'InvalidConfiguration', observedGeneration: 1 };
  expect(healthOf(CLASS, { metadata: { generation: 2 }, status: { conditions: [stale] } }).status).toBe(
    'Progressing',
  );
});

test('the scripts keep to Lua 5.1, which Argo CD runs', () => {
  for (const script of [WORKSPACE, CLASS])
    expect(script).not.toMatch(/\/\/|\bgoto\b|<const>|table\.unpack|[&|~]{1}(?!=)[^=\n]*\b0x/);
});
