import { describe, expect, test } from 'vitest';
import { AT, condition, launch, minute, past, workspaceOf } from '../../../../test/plugin/liveObjects.ts';
import { detailOf } from './detail.ts';
import { rowOf } from './fleet.ts';
import type { LiveEvent } from './live.ts';
import { timelineOf } from './timeline.ts';

describe('the timeline', () => {
  const status = {
    desired: {
      generation: 2,
      env: 'e',
      machine: 'm',
      cause: 'SecretChanged',
      changed: ['ada-env/API_KEY'],
      at: minute(9),
    },
    launch: launch(),
    history: [past()],
    conditions: [condition('Ready')],
  };
  const metadata = {
    creationTimestamp: AT,
    managedFields: [
      {
        manager: 'kubectl-patch',
        time: minute(8),
        fieldsV1: { 'f:spec': { 'f:requests': { 'f:restart': {} } } },
      },
      { manager: 'workspace-operator', time: minute(8), subresource: 'status', fieldsV1: { 'f:status': {} } },
      { manager: 'workspace-operator', time: minute(8), fieldsV1: { 'f:metadata': {} } },
    ],
  };
  const event = (reason: string, message: string, minutes: number, over: object = {}): LiveEvent => ({
    metadata: { name: reason },
    reason,
    message,
    type: 'Normal',
    lastTimestamp: minute(minutes),
    ...over,
  });

  test('reads as the life of one change: what changed, who asked, one launch, one end, its first heartbeat', () => {
    const entries = timelineOf(workspaceOf(status, { metadata }), []).toReversed();
    expect(entries.map(({ kind, title, who }) => [kind, title, who].filter(Boolean).join(': '))).toEqual([
      'ask: Created',
      'heartbeat: First heartbeat of launch 1',
      'ask: Spec written: kubectl-patch',
      'change: SecretChanged',
      'launch: Launch 2 decided',
      'end: Launch 1 ended: Superseded',
      'heartbeat: First heartbeat of launch 2',
    ]);
    expect(entries.find(({ kind }) => kind === 'change')?.text).toBe('Change 2 counts: ada-env/API_KEY.');
    expect(entries.find(({ title }) => title === 'Spec written')?.text).toBe('requests.restart');
  });

  test('says a thing once, in the event’s words, with how often', () => {
    const entries = timelineOf(workspaceOf(status), [
      event('SecretChanged', 'Generation 2: ada-env/API_KEY.', 9),
      event('Provisioned', 'Launch 2 for SecretChanged 2 is instance i-2.', 10.5, { count: 3 }),
      event('Odd', 'Something else.', 11, { type: 'Warning', lastTimestamp: null, eventTime: minute(11) }),
      event('Untimed', 'It has no time.', 11, { lastTimestamp: null }),
    ]);
    expect(entries.filter(({ title }) => title === 'SecretChanged')).toHaveLength(1);
    expect(entries.find(({ title }) => title === 'Provisioned')).toMatchObject({ kind: 'launch', times: 3 });
    expect(entries.find(({ title }) => title === 'Odd')).toMatchObject({ kind: 'trouble', at: minute(11) });
    expect(entries.some(({ title }) => title === 'Untimed')).toBe(false);
  });

  test('of an object whose stamps are nonsense is what can be placed', () => {
    const workspace = workspaceOf({});
    const entries = timelineOf(workspace, [
      event('A', 'a', 1, { lastTimestamp: 'yesterday' }),
      event('B', 'b', 1),
    ]);
    expect(entries.map(({ title }) => title)).toEqual(['B']);
  });

  test('is bounded', () => {
    const many = Array.from({ length: 5_000 }, (_, i) => event('Odd', String(i), i));
    expect(timelineOf(workspaceOf(status), many)).toHaveLength(200);
  });

  test('without the right to read events it is the status’s, and says so', () => {
    const detail = detailOf(workspaceOf(status), { missing: 'events is forbidden' }, ' --context=prod');
    expect(detail.eventsMissing).toBe('events is forbidden');
    expect(detail.timeline).not.toEqual([]);
    expect(detail.verdict.isGood).toBe(true);
  });
});

test('no value of an environment reaches the page', () => {
  const workspace = workspaceOf(
    { launch: launch(), conditions: [condition('Ready')] },
    { spec: { env: [{ name: 'EDITOR', value: 'a-value-of-theirs' }] } },
  );
  expect(JSON.stringify([detailOf(workspace, [], ''), rowOf(workspace)])).not.toContain('a-value-of-theirs');
});
