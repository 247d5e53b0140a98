import fc from 'fast-check';
import { expect, test } from 'vitest';
import { monoMs } from '../../../test/support/base/moments.ts';
import { createFleetWorld, replacing, serving } from '../../../test/support/fleet/fleetWorld.ts';
import { MINUTE } from '../../../test/support/workspace/facts.ts';
import type { Workspace } from '../../api/kinds/workspace.ts';

const SLOT = { slot: true, room: false, contents: [] };
const LATE_MS = 100;

/** A write that was sent on a version of an object; it can land only while the API server still has that version. */
interface Write {
  of: Workspace;
  sentAt: number;
  landed: boolean;
  lost: boolean;
}

const WHAT = [
  'send',
  'send',
  'send',
  'land',
  'answer',
  'lose',
  'refuse',
  'sync',
  'back',
  'edit',
  'age',
  'read',
  'crash',
];
const steps = fc.array(fc.record({ who: fc.integer({ min: 0, max: 2 }), what: fc.constantFrom(...WHAT) }), {
  maxLength: 150,
  size: 'max',
});

/** API server and cache apart: requests land late or never, answers get lost, retries are refused, the cache lags. */
function createScene(most: string) {
  const world = createFleetWorld({ rollout: { maxUnavailable: most } });
  const names = Array.from({ length: 3 }, (_, index) => `w${index}`);
  const server = new Map<string, { version: number; down: boolean }>();
  let version = 1_000;
  let now = 0;
  let writes: Write[] = [];
  const show = (name: string) => {
    const held = server.get(name);
    if (!held) return;
    const metadata = { resourceVersion: String(held.version) };
    world.write(name, held.down ? replacing() : serving(MINUTE), metadata);
  };
  const change = (name: string, down: boolean) => {
    version += 1;
    server.set(name, { version, down });
  };
  for (const name of names) {
    change(name, false);
    show(name);
  }
  let fleet = world.fleet();
  const nameOf = ({ of }: Write) => of.metadata.name;
  const canLand = (write: Write) =>
    !write.landed && String(server.get(nameOf(write))?.version) === write.of.metadata.resourceVersion;

  function step(who: number, what: string): void {
    const name = names[who] ?? '';
    const cached = world.workspaces.get(`default/${name}`);
    const write = writes.find((it) => nameOf(it) === name && !it.lost);
    switch (what) {
      case 'send':
        // A pass that was given up may still have one under way.
        if (cached?.status?.launch?.readyAt && fleet.take(cached, SLOT))
          writes.push({ of: cached, sentAt: now, landed: false, lost: false });
        return;
      case 'land':
        for (const it of writes.filter((other) => nameOf(other) === name).slice(0, 1)) {
          if (!canLand(it)) continue;
          change(name, true);
          it.landed = true;
        }
        return;
      case 'answer':
        if (!write?.landed) return;
        writes = writes.filter((it) => it !== write);
        show(name);
        return;
      case 'lose':
        if (!write) return;
        write.lost = true;
        fleet.unanswered(write.of, monoMs(now));
        return;
      case 'refuse':
        if (!write || write.landed) return;
        writes = writes.filter((it) => it !== write);
        fleet.refused(write.of);
        return;
      case 'sync':
        show(name);
        return;
      case 'back':
        if (server.get(name)?.down) change(name, false);
        return;
      case 'edit':
        change(name, server.get(name)?.down ?? false);
        return;
      case 'age':
        now += LATE_MS / 5;
        // By then it has landed or never will.
        writes = writes.filter(({ lost, sentAt }) => !lost || now - sentAt < LATE_MS);
        return;
      case 'read': {
        const doubt = cached && fleet.doubtOf(cached.metadata.uid);
        if (!doubt || now - Number(doubt.at) < LATE_MS) return;
        if (String(server.get(name)?.version) === doubt.version) fleet.notLanded(cached.metadata.uid);
        else show(name);
        return;
      }
      case 'crash':
        // What was sent has landed or has not by the time that another one leads, and it reads all again.
        for (const it of writes) if (canLand(it) && it.sentAt % 2 === 0) change(nameOf(it), true);
        writes = [];
        for (const each of names) show(each);
        fleet = world.fleet();
    }
  }

  const down = () =>
    names.filter((name) => server.get(name)?.down || writes.some((it) => nameOf(it) === name && canLand(it)));
  return { step, down };
}

test.each(['1', '2', '67%'])(
  'for all orders of late, lost and refused writes: never more than %s are down or may yet be taken down',
  (most) => {
    fc.assert(
      fc.property(steps, (plan) => {
        const scene = createScene(most);
        const limit = most === '67%' ? 2 : Number(most);
        for (const { who, what } of plan) {
          scene.step(who, what);
          expect(scene.down().length).toBeLessThanOrEqual(limit);
        }
      }),
      { numRuns: 100 },
    );
  },
);
