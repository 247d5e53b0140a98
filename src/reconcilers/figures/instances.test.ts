import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { createFleetWorld } from '../../../test/support/fleet/fleetWorld.ts';
import { classOf } from '../../../test/support/workspace/facts.ts';
import type { ObservedInstance } from '../../ec2/calls/port.ts';
import { createInstanceFigures, NO_CLASS } from './instances.ts';

const NAMES = ['ada', 'bob', 'eve'];
const CLASSES = ['standard', 'large', 'constructor'];

const who = fc.constantFrom(...NAMES);
const className = fc.constantFrom(...CLASSES);
const shown = fc.record({
  state: fc.constantFrom('running', 'stopped', 'terminated'),
  type: fc.constantFrom('m7i.large', 'm7i.xlarge'),
  missing: fc.boolean(),
});
const step = fc.oneof(
  fc.record({ kind: fc.constant('see'), who, instances: fc.array(shown, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('write'), who, className }),
  fc.record({ kind: fc.constant('remove'), who }),
  fc.record({ kind: fc.constantFrom('addClass', 'replaceClass', 'removeClass'), className }),
  fc.record({ kind: fc.constant('pass'), seconds: fc.nat(100) }),
  fc.record({ kind: fc.constantFrom('start', 'stop') }),
);

function setUp() {
  const world = createFleetWorld();
  const clock = createVirtualClock();
  const cloud = new Map<string, ObservedInstance[]>();
  const given = { ...world, clock, scope: { covers: () => true } };
  const figures = () =>
    createInstanceFigures({ ...given, cloud: { ofWorkspace: (uid) => cloud.get(uid) ?? [] } });
  const kept = figures();
  let version = 1_000;
  let leads = false;
  /** By labels, as one who counts all of them again at each moment has it. */
  const seconds = new Map<string, number>();

  function counted(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [uid, instances] of cloud)
      for (const { state, type, missing } of instances) {
        if (state === 'terminated' || missing) continue;
        const [workspace] = world.workspaces.byIndex('uid', uid);
        const named = workspace?.spec.className;
        const label = [named && world.classes.get(named) ? named : NO_CLASS, type, state].join(' ');
        counts.set(label, (counts.get(label) ?? 0) + 1);
      }
    return counts;
  }

  function writeClass(name: string, uid: string): void {
    version += 1;
    const { metadata, ...klass } = classOf();
    world.classes.applyWrite({
      ...klass,
      metadata: { ...metadata, name, uid, resourceVersion: `${version}` },
    });
  }

  async function take(it: typeof step extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
    if ('seconds' in it) {
      if (leads)
        for (const [label, count] of counted())
          seconds.set(label, (seconds.get(label) ?? 0) + count * it.seconds);
      await clock.advance(it.seconds * 1_000);
    } else if ('instances' in it) {
      const instances = it.instances.map((one, index) => ({ ...one, id: `${it.who}-${index}` }));
      const common = { zone: 'a', capacityType: 'OnDemand', tags: {} } as const;
      cloud.set(
        `default-${it.who}`,
        instances.map((one) => ({ ...common, ...one }) as ObservedInstance),
      );
      kept.saw(`default-${it.who}`);
    } else if (it.kind === 'write' && 'who' in it && 'className' in it) {
      world.write(it.who, undefined, {}, it.className);
    } else if ('who' in it) {
      world.remove(it.who);
    } else if ('className' in it) {
      const klass = world.classes.get(it.className);
      if (it.kind === 'addClass') writeClass(it.className, klass?.metadata.uid ?? 'first');
      else if (klass) {
        version += 1;
        const metadata = { ...klass.metadata, resourceVersion: `${version}` };
        if (it.kind === 'removeClass') world.classes.applyDelete({ ...klass, metadata });
        else writeClass(it.className, `uid-${version}`);
        for (const label of seconds.keys()) if (label.startsWith(`${it.className} `)) seconds.delete(label);
      }
    } else if (it.kind === 'start' && !leads) {
      leads = true;
      kept.start();
    } else if (it.kind === 'stop') {
      leads = false;
      kept.stop();
    }
  }

  function read(): { counts: Record<string, number>; seconds: Record<string, number>; classes: Set<string> } {
    const rows = [...kept.read()].map(
      ({ labels, ...row }) => [[labels.class, labels.instance_type, labels.state].join(' '), row] as const,
    );
    const some = (of: 'count' | 'seconds') =>
      Object.fromEntries(rows.flatMap(([label, row]) => (row[of] === 0 ? [] : [[label, row[of]]])));
    return {
      counts: some('count'),
      seconds: some('seconds'),
      classes: new Set([...kept.read()].map(({ labels }) => labels.class)),
    };
  }
  const recounted = () => ({
    counts: Object.fromEntries(counted()),
    seconds: Object.fromEntries([...seconds].filter(([, it]) => it !== 0)),
  });
  return { world, take, read, recounted };
}

test('after any change the instances and their seconds are those of all counted again, and no class that is gone has a series', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
      const { world, take, read, recounted } = setUp();
      for (const it of steps) await take(it);
      const { classes, ...sums } = read();
      expect(sums).toEqual(recounted());
      for (const name of classes) expect(name === NO_CLASS || world.classes.get(name)).toBeTruthy();
    }),
    { numRuns: 200 },
  ));
