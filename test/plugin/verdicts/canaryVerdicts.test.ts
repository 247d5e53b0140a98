import { expect, test } from 'vitest';
import { KubectlError } from '../../../src/plugin/base/kubectl.ts';
import { createVirtualClock } from '../../support/base/virtualClock.ts';
import { type Answer, playKubectl, refuse } from '../playedKubectl.ts';
import { playCanary } from './playedCanary.ts';

const MINUTE_MS = 60_000;

interface Shape {
  ready?: boolean;
  reason?: string;
  launch?: number;
  provisions?: number;
  deferred?: boolean;
}

/** A Workspace as EC2 and the operator leave it; undefined once it is gone. */
function shaped({
  ready = true,
  reason = 'Ready',
  launch = 1,
  provisions = launch,
  deferred = false,
}: Shape): object {
  const status = ready ? 'True' : 'False';
  const conditions = ['Ready', 'UpToDate'].map((type) => ({
    type,
    status,
    reason,
    message: `because of ${reason}`,
  }));
  const until = '2026-01-01T01:00:00Z';
  return {
    metadata: { name: 'canary-1', namespace: 'team' },
    spec: { className: 'standard' },
    status: {
      conditions,
      provisions,
      launch: { number: launch, cause: { kind: 'EnvChanged', ref: '1' } },
      ...(deferred && { deferred: { generation: 2, until } }),
    },
  };
}

/** @param at the Workspace at a minute of the run, before its deletion */
async function ran(
  at: (minute: number) => Shape | undefined,
  changed: Record<string, Answer> = {},
  isAway = (_look: number) => false,
) {
  const clock = createVirtualClock();
  let [patched, isDeleted, looks]: [number | undefined, boolean, number] = [undefined, false, 0];
  const kubectl = playKubectl({
    create: '',
    'patch workspaces.compute.molecule.ai canary-1': () => {
      patched = clock.monotonic();
      return '';
    },
    'delete workspaces.compute.molecule.ai canary-1': () => {
      isDeleted = true;
      return '';
    },
    'get workspaces.compute.molecule.ai canary-1': () => {
      looks += 1;
      if (isAway(looks)) refuse('connection refused')();
      if (isDeleted) return '';
      const shape = patched === undefined ? {} : at((clock.monotonic() - patched) / MINUTE_MS);
      return shape === undefined ? '' : shaped(shape);
    },
    ...changed,
  });
  const { done, told } = playCanary(kubectl, clock, { limitMs: 10 * MINUTE_MS, watchMs: MINUTE_MS });
  await clock.advance(180 * MINUTE_MS);
  return { done, calls: kubectl.calls, told };
}

const deletions = (calls: readonly string[]) => calls.filter((line) => line.startsWith('delete')).length;
const carriedOut = (minute: number): Shape =>
  minute < 2 ? { ready: false, reason: 'Booting' } : { launch: 2 };

test.each<[string, (minute: number) => Shape | undefined, string[], number]>([
  ['one provision', carriedOut, [], 1],
  [
    'a second one in the time that is watched',
    (minute) => (minute > 2.5 ? { launch: 3 } : carriedOut(minute)),
    ['2 provisions for one change'],
    2,
  ],
  [
    'a second one before it is Ready',
    (minute) => (minute > 1 ? { launch: 3, ready: false, reason: 'Booting' } : {}),
    ['2 provisions for one change'],
    2,
  ],
  [
    'a deferral of an hour, which is the class’s wish',
    (minute) => (minute < 60 ? { deferred: true } : carriedOut(minute)),
    [],
    1,
  ],
  ['someone who deletes it', (minute) => (minute > 1 ? undefined : {}), ['deleted meanwhile'], 0],
  [
    'an operator that does not look',
    () => ({}),
    ['in vain until the change is carried out', '0 provisions for one change'],
    0,
  ],
])('the verdict of %s, and the Workspace is deleted', async (_what, at, faults, provisions) => {
  const { done, calls } = await ran(at);
  const view = await done;
  expect(view).toMatchObject({ good: faults.length === 0, provisions });
  for (const fault of faults) expect(view.faults.join('; ')).toContain(fault);
  expect(deletions(calls)).toBe(1);
  expect(calls.filter((line) => line.startsWith('patch'))).toHaveLength(1);
});

test('one that never gets Ready is deleted too, with what its conditions say', async () => {
  const stuck = {
    'get workspaces.compute.molecule.ai canary-1': shaped({ ready: false, reason: 'QuotaExceeded' }),
  };
  const { done, calls } = await ran(() => ({}), stuck);
  const view = await done;
  expect(view.faults[0]).toContain(
    'in vain until it is Ready and UpToDate: QuotaExceeded: because of QuotaExceeded',
  );
  expect(view.faults[1]).toContain('in vain until it is gone');
  expect(deletions(calls)).toBe(1);
});

test('what the API server refuses is said as it is, and nothing is deleted that was never there', async () => {
  const refused = refuse('Error from server (Forbidden): workspaces is forbidden');
  const { done, calls } = await ran(() => ({}), { create: refused });
  await expect(done).rejects.toThrow(KubectlError);
  expect(deletions(calls)).toBe(0);
});

test('a creation whose answer was lost is deleted; an API server that is away for a while changes nothing', async () => {
  const lost = await ran(() => ({}), { create: refuse('Unable to connect to the server: EOF') });
  await expect(lost.done).rejects.toThrow('EOF');
  expect(deletions(lost.calls)).toBe(1);
  const away = await ran(carriedOut, {}, (look) => look % 31 > 1);
  expect(await away.done).toMatchObject({ good: true, provisions: 1 });
  const gone = await ran(carriedOut, {}, (look) => look > 5);
  await expect(gone.done).rejects.toThrow('connection refused');
  expect(deletions(gone.calls)).toBe(1);
});
