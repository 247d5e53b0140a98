import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryValue } from '../../../test/api/arbitraryValue.ts';
import { DOWN } from '../../../test/support/fleet/fleetWorld.ts';
import { classOf, desiredOf, launchOf, stamp, statusOf } from '../../../test/support/workspace/facts.ts';
import type { SchemaProps } from '../../api/base/structural.ts';
import { workspaceCrd } from '../../api/kinds/crd.ts';
import {
  type Workspace,
  type WorkspaceStatus,
  workspaceSpec,
  workspaceStatus,
} from '../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import { createStore } from '../../controller/cache/store.ts';
import { WORKSPACE_INDEXES } from '../workspace/triggers.ts';
import { createFleet } from './fleet.ts';

const schema = workspaceCrd().spec.versions[0].schema.openAPIV3Schema.properties?.status;

let version = 100;
function workspaceOf(name: string, status: WorkspaceStatus | undefined, spec: object = {}): Workspace {
  version += 1;
  return {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'Workspace',
    metadata: {
      name,
      namespace: name === 'evil' ? 'evil' : 'default',
      uid: name,
      resourceVersion: String(version),
      creationTimestamp: stamp(0),
    },
    spec: workspaceSpec.parse({ className: 'standard', ...spec }),
    status,
  };
}

/** Three of a class that is to be rolled out, and one whose status anybody writes; what is signed says so in `mac`. */
function setUp() {
  const workspaces = createStore<Workspace>({ indexes: WORKSPACE_INDEXES });
  const classes = createStore<WorkspaceClass>();
  for (const name of ['standard', 'other'])
    classes.applyWrite({
      ...classOf({ rollout: { maxUnavailable: '1' } }),
      metadata: { ...classOf().metadata, name },
    });
  for (const name of ['a', 'b', 'c']) workspaces.applyWrite(workspaceOf(name, outdated()));
  const woken: string[] = [];
  const fleet = createFleet({
    workspaces,
    classes,
    isAuthentic: ({ status }) => status?.mac === 'ours',
    onClass: (name) => void woken.push(name),
    onPlace: (key) => void woken.push(key),
  });
  const write = (name: string, status: WorkspaceStatus | undefined, spec = {}) => {
    const workspace = workspaceOf(name, status, spec);
    workspaces.applyWrite(workspace);
    return workspace;
  };
  write('evil', outdated({ mac: 'ours' }));
  woken.length = 0;
  /** All that the others and the classes go by. */
  const shown = () => {
    const facts = ['a', 'b', 'c'].map((name) => {
      const workspace = workspaces.get(`default/${name}`);
      const { machine = '', env = '' } = workspace?.status?.desired ?? {};
      return workspace && [fleet.factFor(workspace, [machine, env]), fleet.roomFor(workspace, 'other')];
    });
    const tallies = ['standard', 'other'].map((name) => {
      const { counts, rolling } = fleet.of(name)?.standing ?? {};
      const standing = fleet.of(name)?.standing;
      return [counts, rolling, standing?.meanMs(), standing?.dueSince(), fleet.of(name)?.stuck.summary()];
    });
    return JSON.stringify([facts, tallies, fleet.of('standard')?.contents.failed(9)]);
  };
  return { workspaces, fleet, write, shown, woken };
}

const outdated = (more: Partial<WorkspaceStatus> = {}) =>
  statusOf({ desired: desiredOf(2, 'b'), launch: launchOf(), ...more });

/** A status with this field as the API server may store it. */
const withField = (field: string, property: SchemaProps) =>
  arbitraryValue(property).map((value) =>
    workspaceStatus.parse({ ...JSON.parse(JSON.stringify(outdated())), [field]: value }),
  );

describe('a status that the operator did not write changes nothing for others', () => {
  test.each(Object.entries(schema?.properties ?? {}))('by %s', (field, property) => {
    const { write, shown, woken } = setUp();
    const before = shown();
    const forged = fc.tuple(withField(field, property), fc.boolean()).map(([status, isDown]) => ({
      ...status,
      ...(isDown && field !== 'conditions' && { conditions: DOWN }),
      ...(field === 'mac' && status.mac === 'ours' && { mac: 'other' }),
    }));
    fc.assert(
      fc.property(forged, (status) => {
        write('evil', status);
        expect(shown()).toBe(before);
        expect(woken).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  const HELD: Partial<WorkspaceStatus> = {
    conditions: DOWN,
    launch: launchOf({ number: 2, readyAt: undefined }),
    replacement: { number: 2, since: stamp(0), slot: true, refusedAt: stamp(0), refusal: 'quota' },
    room: {
      number: 2,
      classes: [
        { className: 'other', from: 0 },
        { className: 'standard', from: 1 },
      ],
    },
  };

  test('what holds up a class and fills another does so where the operator wrote it', () => {
    const { write, shown, fleet } = setUp();
    const before = shown();
    write('evil', outdated({ ...HELD, mac: 'forged' }));
    expect(shown()).toBe(before);
    write('evil', outdated({ ...HELD, mac: 'ours' }));
    expect(shown()).not.toBe(before);
    expect(fleet.of('standard')?.stuck.isRefused).toBe(true);
  });

  test('the next decision does not carry it on: that begins from the records that the operator wrote', () => {
    const { write, fleet } = setUp();
    const forged = write('evil', outdated(HELD));
    const judged = fleet.ofItself(forged);
    expect(judged.status).toEqual({ ...forged.status, replacement: undefined, room: undefined });
    expect(fleet.ofOthers(forged).status?.launch).toEqual(launchOf());
    const wiped = write('evil', undefined);
    expect(fleet.ofItself(wiped)).toBe(wiped);
  });

  test('an edit of the spec counts at once, beside the status before', () => {
    const { write, fleet } = setUp();
    write('evil', outdated(HELD));
    write('evil', outdated(HELD), { operatingMode: 'Stopped' });
    expect(fleet.of('standard')?.entries.get('evil')).toMatchObject({ available: false, counts: false });
  });

  test('one without a MAC, as an earlier release writes it, counts where a process begins, and where a term does', () => {
    const { write, fleet } = setUp();
    const earlier = write('evil', outdated(HELD));
    expect(fleet.of('standard')?.stuck.isRefused).toBe(false);
    fleet.judgeAgain();
    expect(fleet.of('standard')?.stuck.isRefused).toBe(true);
    expect(fleet.ofItself(earlier)).toBe(earlier);
    write('evil', outdated());
    expect(fleet.of('standard')?.stuck.isRefused).toBe(true);
    write('evil', outdated({ mac: 'ours' }));
    expect(fleet.of('standard')?.stuck.isRefused).toBe(false);
  });

  test('what is known of one ends with it', () => {
    const { workspaces, write, fleet } = setUp();
    write('evil', outdated({ ...HELD, mac: 'ours' }));
    version += 1;
    const held = workspaces.get('evil/evil');
    if (held)
      workspaces.applyList(
        workspaces.list().filter((it) => it !== held),
        String(version),
      );
    expect(fleet.of('standard')?.stuck.isRefused).toBe(false);
    write('evil', outdated());
    expect(fleet.of('standard')?.stuck.isRefused).toBe(false);
  });
});
