import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { conditionsOf, createFleetWorld } from '../../../test/support/fleet/fleetWorld.ts';
import { classOf, stamp, statusOf } from '../../../test/support/workspace/facts.ts';
import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import type { InstanceState, ObservedInstance } from '../../ec2/calls/port.ts';
import { createWorkspaceMetrics } from '../workspace/metrics.ts';
import { FIGURE_REASONS } from './figure.ts';
import { createInstanceFigures } from './instances.ts';
import { createFigureMetrics } from './metrics.ts';
import { rollOuts } from './rollOuts.ts';
import { createStandings } from './standings.ts';

const STATES: readonly InstanceState[] = ['pending', 'running', 'stopping', 'stopped', 'shutting-down'];
const NOW = Date.parse(stamp(0));

function setUp() {
  const world = createFleetWorld();
  const clock = createVirtualClock({ now: NOW });
  const registry = new Registry();
  const shown = new Map<string, ObservedInstance[]>();
  const lease = { held: true };
  const instances = createInstanceFigures({
    ...world,
    cloud: { ofWorkspace: (uid) => shown.get(uid) ?? [] },
    scope: { covers: (namespace) => namespace !== 'another' },
    clock,
  });
  createFigureMetrics(registry).watch({
    leads: () => lease.held,
    standings: createStandings(world.workspaces),
    instances,
    classes: () => rollOuts(world.classes, { of: () => undefined }),
    clock,
  });
  let version = 1_000;
  return {
    world,
    clock,
    registry,
    lease,
    instances,
    addClass(name: string, status?: WorkspaceClass['status']) {
      version += 1;
      const klass = classOf();
      const metadata = { ...klass.metadata, name, uid: name, resourceVersion: String(version) };
      world.classes.applyWrite({ ...klass, metadata, ...(status && { status }) });
    },
    removeClass(name: string) {
      version += 1;
      const klass = world.classes.get(name);
      if (klass)
        world.classes.applyDelete({
          ...klass,
          metadata: { ...klass.metadata, resourceVersion: String(version) },
        });
    },
    shows(uid: string, ...states: Partial<ObservedInstance>[]) {
      shown.set(
        uid,
        states.map((it, index) => ({
          id: `${uid}-${index}`,
          state: 'running',
          type: 'm7i.large',
          zone: 'a',
          capacityType: 'OnDemand',
          tags: {},
          missing: false,
          ...it,
        })),
      );
      instances.saw(uid);
    },
    async read(name: string): Promise<Record<string, number>> {
      const { values } = (await registry.getSingleMetric(name)?.get()) ?? { values: [] };
      return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
    },
  };
}

test('count Workspaces and their troubles by class; a class that does not exist is one row under any name', async () => {
  const { world, read, addClass, lease } = setUp();
  addClass('large', {
    observedGeneration: 1,
    conditions: conditionsOf({ RolledOut: ['False', 'RolloutHalted'] }),
  });
  const down = statusOf({ conditions: conditionsOf({ Ready: ['False', 'Restarting'] }) });
  world.write('ada', statusOf({ conditions: conditionsOf({ Ready: ['True', 'Ready'] }) }));
  world.write('bob', down);
  for (const name of ['eve', 'mallory']) world.write(name, down, {}, `made-up-by-${name}`);
  expect(await read('workspace_workspaces')).toEqual({
    'standard Ready': 1,
    'standard Restarting': 1,
    'large Ready': 0,
    '(none) Ready': 0,
    '(none) Restarting': 2,
  });
  expect(await read('workspace_rollout_halted')).toEqual({ standard: 0, large: 1 });
  expect(await read('workspace_rollout_pending')).toEqual({ standard: 0, large: 0 });
  lease.held = false;
  expect(await read('workspace_workspaces')).toEqual({});
});

test('ages grow with time and are 0 where all is well', async () => {
  const { world, clock, read } = setUp();
  world.write('bob', statusOf({ conditions: conditionsOf({ Ready: ['False', 'Restarting'] }) }));
  world.write('eve', statusOf({ conditions: conditionsOf({ Ready: ['True', 'Ready'] }) }), {
    deletionTimestamp: stamp(-30_000),
  });
  await clock.advance(60_000);
  expect(await read('workspace_oldest_not_ready_seconds')).toEqual({
    'standard platform': 60,
    'standard owner': 0,
    'standard capacity': 0,
  });
  expect(await read('workspace_oldest_termination_seconds')).toEqual({ standard: 90 });
  world.remove('bob');
  world.remove('eve');
  expect(await read('workspace_oldest_termination_seconds')).toEqual({ standard: 0 });
});

test('instances count as EC2 shows them, and their seconds while this process leads', async () => {
  const { world, clock, instances, read, shows, addClass, removeClass } = setUp();
  instances.start();
  world.write('ada', undefined);
  shows('default-ada', {}, { state: 'shutting-down' }, { state: 'terminated' }, { missing: true });
  shows('nobody', { capacityType: 'Spot' });
  shows('nobody-here', { tags: { 'compute.molecule.ai/namespace': 'another' } });
  expect(await read('workspace_instances')).toEqual({
    'standard m7i.large OnDemand running': 1,
    'standard m7i.large OnDemand shutting-down': 1,
    '(none) m7i.large Spot running': 1,
  });
  await clock.advance(60_000);
  shows('default-ada', { state: 'stopped' });
  await clock.advance(60_000);
  instances.stop();
  await clock.advance(60_000);
  const seconds = {
    'standard m7i.large OnDemand running': 60,
    'standard m7i.large OnDemand shutting-down': 60,
    'standard m7i.large OnDemand stopped': 120 - 60,
    '(none) m7i.large Spot running': 120,
  };
  expect(await read('workspace_instance_seconds_total')).toEqual(seconds);
  // Its class goes and comes back: it is nobody's meanwhile.
  removeClass('standard');
  expect(await read('workspace_instances')).toEqual({
    '(none) m7i.large Spot running': 1,
    '(none) m7i.large OnDemand stopped': 1,
  });
  expect(Object.keys(await read('workspace_instance_seconds_total'))).not.toContain(
    'standard m7i.large OnDemand running',
  );
  addClass('standard');
  expect(await read('workspace_instances')).toMatchObject({ 'standard m7i.large OnDemand stopped': 1 });
});

test('10,000 Workspaces in eight classes, in every state there is, are at most 1,000 series of the fleet', async () => {
  const { world, registry, shows, addClass } = setUp();
  createWorkspaceMetrics(registry);
  const classes = ['standard', ...Array.from({ length: 7 }, (_, index) => `class-${index}`)];
  for (const name of classes.slice(1)) addClass(name);
  const statuses = FIGURE_REASONS.map((reason) =>
    statusOf({ conditions: conditionsOf({ Ready: ['False', reason] }) }),
  );
  const model = world.write('model', undefined);
  for (let index = 0; index < 10_000; index += 1) {
    const [name, namespace, at] = [`ws-${index}`, `team-${index % 300}`, index >> 3];
    const metadata = {
      ...model.metadata,
      name,
      namespace,
      uid: name,
      resourceVersion: String(1_000 + index),
    };
    const className = index % 100 ? (classes[index % classes.length] ?? '') : `x${index}`;
    const status = statuses[at % statuses.length];
    world.workspaces.applyWrite({ ...model, metadata, spec: { ...model.spec, className }, status });
    const state = STATES[at % STATES.length] ?? 'running';
    const type = `m7i.${(index >> 6) % 2 ? 'large' : 'xlarge'}`;
    shows(name, { state, type, capacityType: (index >> 7) % 2 ? 'Spot' : 'OnDemand' });
  }
  const text = await registry.metrics();
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(text).toMatch(/workspace_workspaces\{class="class-6",reason="Booting"\} \d+/);
  expect(series.length).toBeGreaterThan(700);
  expect(series.length).toBeLessThanOrEqual(1_000);
  expect(text).not.toMatch(/team-|ws-\d|"x\d/);
}, 60_000);
