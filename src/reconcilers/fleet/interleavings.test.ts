import fc from 'fast-check';
import { expect, test } from 'vitest';
import { desiredOf, MINUTE, statusOf, waiting } from '../../../test/support/facts.ts';
import { createFleetWorld, DOWN, serving } from '../../../test/support/fleetWorld.ts';

const SLOT = { slot: true, room: false, contents: [] };

/** Its replacement has begun. */
const replacing = () => statusOf({ launch: waiting(2), desired: desiredOf(2, 'b'), conditions: DOWN });

/** One step of one of several workers: what it read may be stale by the time it takes, and its write may fail. */
const steps = fc.array(
  fc.record({
    who: fc.integer({ min: 0, max: 11 }),
    what: fc.constantFrom('take', 'take', 'take', 'written', 'refused', 'back', 'crash'),
  }),
  { maxLength: 120 },
);

test.each(['1', '3', '50%'])('whatever the interleaving, never more than %s are down at once', (most) => {
  fc.assert(
    fc.property(steps, (plan) => {
      const world = createFleetWorld({ rollout: { maxUnavailable: most } });
      const names = Array.from({ length: 12 }, (_, index) => `w${index}`);
      for (const name of names) world.write(name, serving(MINUTE));
      let fleet = world.fleet();
      const limit = most === '50%' ? 6 : Number(most);
      /** Sent, and nobody knows yet: it may land at any time. */
      const underWay = new Set<string>();
      for (const { who, what } of plan) {
        const name = names[who] ?? '';
        const present = world.workspaces.get(`default/${name}`);
        const serves = present?.status?.launch?.readyAt !== undefined;
        if (what === 'take' && present && serves && fleet.take(present, SLOT)) underWay.add(name);
        if (what === 'refused' && underWay.delete(name)) fleet.giveBack(`default-${name}`);
        if (what === 'written' && underWay.delete(name)) world.write(name, replacing());
        if (what === 'back' && !serves) world.write(name, serving(0));
        if (what === 'crash') {
          // What was sent has landed or has not by the time that another one leads.
          for (const sent of underWay) if (sent.length % 2 === 0) world.write(sent, replacing());
          underWay.clear();
          fleet = world.fleet();
        }
        const down = world.workspaces
          .list()
          .filter(({ status }) => status?.launch?.readyAt === undefined).length;
        expect(down + underWay.size).toBeLessThanOrEqual(limit);
      }
    }),
    { numRuns: 200 },
  );
});
