import fc from 'fast-check';
import { expect, test } from 'vitest';
import { conditionsOf, createFleetWorld } from '../../../test/support/fleet/fleetWorld.ts';
import { stamp, statusOf } from '../../../test/support/workspace/facts.ts';
import type { WorkspaceStatus } from '../../api/kinds/workspace.ts';
import { FIXERS, figureOf } from './figure.ts';
import { createStandings } from './standings.ts';

const ready = (status: 'True' | 'False', reason: string, agoMs: number): WorkspaceStatus['conditions'] =>
  conditionsOf({ Ready: [status, reason] }).map((it) => ({ ...it, lastTransitionTime: stamp(-agoMs) }));
const past = { generation: 1, cause: { kind: 'Created', ref: '1' }, outcome: 'Superseded' } as const;
const STATUSES = [
  undefined,
  statusOf({ conditions: ready('True', 'Ready', 9_000) }),
  statusOf({ conditions: ready('False', 'Booting', 1_000) }),
  statusOf({ conditions: ready('False', 'Restarting', 5_000) }),
  statusOf({ conditions: ready('False', 'SecretMissing', 7_000) }),
  statusOf({ conditions: ready('False', 'FromTheFuture', 8_000) }),
  statusOf({
    conditions: ready('False', 'Restarting', 2_000),
    terminating: [{ number: 1, instanceID: 'i-1' }],
    history: [{ ...past, number: 1, endedAt: stamp(-3_000) }],
  }),
  statusOf({ conditions: ready('False', 'QuotaExceeded', 4_000) }),
];
const SPECS = [{}, { paused: true }, { operatingMode: 'Stopped' }];
const CLASSES = ['standard', 'large', 'constructor'];

const step = fc.record({
  who: fc.nat(5),
  status: fc.nat(STATUSES.length - 1),
  spec: fc.nat(SPECS.length - 1),
  klass: fc.nat(CLASSES.length - 1),
  removed: fc.boolean(),
  deleting: fc.boolean(),
});

type World = ReturnType<typeof createFleetWorld>;

/** What the sums should be, from all Workspaces as they are. */
function recounted({ workspaces }: World) {
  const figures = workspaces.list().map(figureOf);
  const names = [...new Set(figures.map(({ className }) => className))].sort();
  return names.map((name) => {
    const own = figures.filter(({ className }) => className === name);
    const reasons: Record<string, number> = {};
    for (const { reason } of own) reasons[reason] = (reasons[reason] ?? 0) + 1;
    const first = (moments: (number | undefined)[]) => {
      const known = moments.filter((at) => at !== undefined);
      return known.length > 0 ? Math.min(...known) : undefined;
    };
    const down = FIXERS.map((by) =>
      first(own.map((it) => (it.down?.fixedBy === by ? it.down.since : undefined))),
    );
    return { name, reasons, down, ending: first(own.map(({ endingSince }) => endingSince)) };
  });
}

test('after any change the sums are those of all Workspaces counted again, and a process that starts has the same', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = createFleetWorld();
      const kept = createStandings(world.workspaces);
      for (const { who, status, spec, klass, removed, deleting } of steps) {
        if (removed) {
          world.remove(`w${who}`);
          continue;
        }
        const more = {
          creationTimestamp: stamp(-60_000),
          ...(deleting && { deletionTimestamp: stamp(-500) }),
        };
        world.write(`w${who}`, STATUSES[status], more, CLASSES[klass], SPECS[spec]);
      }
      const shown = (of: typeof kept) =>
        [...of]
          .map(([name, standing]) => ({
            name,
            reasons: Object.fromEntries(standing.reasons),
            down: FIXERS.map((by) => standing.downSince(by)),
            ending: standing.endingSince(),
          }))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      expect(shown(kept)).toEqual(recounted(world));
      expect(shown(createStandings(world.workspaces))).toEqual(recounted(world));
    }),
    { numRuns: 100 },
  );
});

test('one that is down counts for who can bring it back; one that is paused, stopped or being deleted does not', () => {
  const world = createFleetWorld();
  const figure = (index: number, spec = {}, more = {}) =>
    figureOf(
      world.write('ada', STATUSES[index], { creationTimestamp: stamp(-60_000), ...more }, 'standard', spec),
    );
  expect(figure(3).down).toEqual({ since: Date.parse(stamp(-5_000)), fixedBy: 'platform' });
  expect(figure(4).down?.fixedBy).toBe('owner');
  expect(figure(7).down?.fixedBy).toBe('capacity');
  expect(figure(0).down?.since).toBe(Date.parse(stamp(-60_000)));
  expect(figure(5).reason).toBe('Unknown');
  expect(figure(1).down).toBeUndefined();
  for (const spec of SPECS.slice(1)) expect(figure(3, spec).down).toBeUndefined();
  const leaving = figure(3, {}, { deletionTimestamp: stamp(-500) });
  expect(leaving.down).toBeUndefined();
  expect(leaving.endingSince).toBe(Date.parse(stamp(-500)));
  expect(figure(6).endingSince).toBe(Date.parse(stamp(-3_000)));
});
