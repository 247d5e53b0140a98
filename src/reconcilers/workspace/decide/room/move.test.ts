import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt, decideValidated } from '../../../../../test/support/workspace/decisions.ts';
import {
  classOf,
  doubtful,
  factsOf,
  HOUR,
  instanceOf,
  launchOf,
  MACHINE,
  NOW,
  type Overrides,
  statusOf,
  waiting,
} from '../../../../../test/support/workspace/facts.ts';
import { classNameOf, occupiedClasses } from '../../../../api/kinds/room.ts';
import type { Workspace, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import type { MoveFact } from '../facts/roomFacts.ts';

const NO_OTHERS = { taken: 0, ahead: 0, takenInNamespace: 0, aheadInNamespace: 0 };
const ROOM: NonNullable<WorkspaceStatus['room']> = {
  number: 1,
  classes: [{ className: 'standard', from: 1 }],
};

/** It is in `standard`, and spec.className names `small`, which allows one. */
function moving(more: Overrides = {}, move: Partial<MoveFact> = {}) {
  return factsOf({
    spec: { className: 'small' },
    metadata: { generation: 2 },
    status: statusOf({ room: ROOM }),
    move: { from: 'standard', class: classOf({ maxInstances: 1 }), allowed: true, room: NO_OTHERS, ...move },
    ...more,
  });
}

/** A Workspace with such a status. */
function holding(status: WorkspaceStatus, className = 'small'): Workspace {
  return factsOf({ status, spec: { className } }).workspace;
}

describe('an edit of spec.className', () => {
  test('moves it in a write of its own, which takes the room; only then is its generation answered for', () => {
    const decision = decideAt(moving());
    expect(decision.claim).toEqual({ slot: false, room: false, move: true, contents: [] });
    expect(decision.effect).toBeUndefined();
    expect(decision.requeueAfterMs).toBe(0);
    const { room, launch, observedGeneration } = decision.status;
    expect(launch).toEqual(launchOf());
    expect(observedGeneration).toBe(1);
    expect(room).toEqual({ number: 1, classes: [...ROOM.classes, { className: 'small', from: 2 }] });
    expect(classNameOf(holding(decision.status))).toBe('small');
    expect(occupiedClasses(holding(decision.status))).toEqual(['standard', 'small']);
  });

  test('waits for room, says so once, and keeps what serves', () => {
    const facts = moving({}, { room: { ...NO_OTHERS, taken: 1 } });
    const decision = decideAt(facts);
    expect(decision.claim).toBeUndefined();
    expect(decision.status.room).toEqual(ROOM);
    expect(decision.status.observedGeneration).toBe(2);
    expect(conditionOf(decision, 'Ready').status).toBe('True');
    expect(conditionOf(decision, 'UpToDate')).toMatchObject({ status: 'False', reason: 'ClassLimitReached' });
    expect(conditionOf(decision, 'Stalled').status).toBe('False');
  });

  test.each([
    ['ClassNotFound', { class: undefined, allowed: false }],
    ['ClassNotAllowed', { allowed: false }],
  ])('%s: it stays, and a person is needed', (reason, move) => {
    const decision = decideAt(moving({}, move));
    expect(decision.status.room).toEqual(ROOM);
    expect(conditionOf(decision, 'UpToDate')).toMatchObject({ status: 'False', reason });
    expect(conditionOf(decision, 'Stalled').status).toBe('True');
  });

  test('moves nothing while paused, and says that it would', () => {
    const decision = decideAt(moving({ spec: { className: 'small', paused: true } }));
    expect(decision.status.room).toEqual(ROOM);
    expect(conditionOf(decision, 'UpToDate').reason).toBe('Paused');
  });

  test('waits while its class is gone: the class that it moves to is what counts', () => {
    const decision = decideAt(
      moving({ class: undefined, machine: undefined }, { room: { ...NO_OTHERS, taken: 1 } }),
    );
    expect(conditionOf(decision, 'UpToDate').reason).toBe('ClassLimitReached');
  });

  test('of a launch that an earlier release opened: where it is goes on record first', () => {
    const decision = decideAt(moving({ status: statusOf() }));
    expect(decision.claim).toBeUndefined();
    expect(decision.status.room).toEqual({ number: 1, classes: [{ className: 'standard', from: 0 }] });
    expect(decision.status.observedGeneration).toBe(1);
  });

  test('before its launch is armed: that launch counts where it moves to', () => {
    const status = statusOf({ launch: waiting(2), room: { ...ROOM, number: 2 }, instance: undefined });
    const { room } = decideAt(moving({ status, instances: [] })).status;
    expect(room?.classes.at(-1)).toEqual({ className: 'small', from: 2 });
    expect(occupiedClasses(holding({ ...status, room }))).toEqual(['small']);
  });

  test('with a launch in doubt: its instance counts where it was sent from', () => {
    const status = statusOf({ launch: doubtful(), room: ROOM, instance: undefined });
    const { room } = decideAt(moving({ status, instances: [] })).status;
    expect(occupiedClasses(holding({ ...status, room }))).toEqual(['standard', 'small']);
  });

  test('back to where its instance is takes nothing from others, though there is no room', () => {
    const room = { number: 1, classes: [...ROOM.classes, { className: 'small', from: 2 }] };
    const back = moving(
      { spec: { className: 'standard' }, status: statusOf({ room }) },
      { from: 'small', class: classOf({ maxInstances: 0 }), room: { ...NO_OTHERS, taken: 9 } },
    );
    const decision = decideAt(back);
    expect(decision.claim).toBeUndefined();
    expect(decision.status.room).toEqual(ROOM);
  });
});

describe('the class that it left', () => {
  const moved = { number: 1, classes: [...ROOM.classes, { className: 'small', from: 2 }] };
  const within = (more: Overrides = {}) => factsOf({ spec: { className: 'small' }, ...more });

  test('the change of its machine is the Workspace’s own, not the class’s', () => {
    const recorded = { env: statusOf().desired?.env ?? '', machine: MACHINE };
    const machine = 'm1:own:small';
    const change = {
      recorded,
      env: recorded.env,
      machine,
      changed: [],
      since: NOW.mono - HOUR,
      burstSince: NOW.mono - HOUR,
    };
    const { status } = decideAt(within({ status: statusOf({ room: moved }), machine, process: { change } }));
    expect(status.desired).toMatchObject({ generation: 2, cause: 'SpecChanged' });
  });

  test('counts it until the instance that it launched is proven gone', () => {
    const desired = { ...statusOf().desired, generation: 2, cause: 'SpecChanged', machine: 'm1:own:small' };
    const status = statusOf({ room: moved, desired: desired as WorkspaceStatus['desired'] });
    const opened = decideValidated(within({ status, machine: 'm1:own:small' })).status;
    expect(opened.launch?.number).toBe(2);
    expect(opened.room).toEqual({ ...moved, number: 2 });
    expect(occupiedClasses(holding(opened))).toEqual(['standard', 'small']);
    const instances = [instanceOf(1, 'terminated')];
    const gone = decideAt(within({ status: opened, machine: 'm1:own:small', instances })).status;
    expect(gone.room?.classes).toEqual([{ className: 'small', from: 2 }]);
    expect(occupiedClasses(holding(gone))).toEqual(['small']);
  });

  test('counts it no more where both ask for the same machine', () => {
    const { status } = decideAt(within({ status: statusOf({ room: moved }) }));
    expect(status.room).toEqual({ number: 1, classes: [{ className: 'small', from: 1 }] });
  });
});

describe('a record of where it takes up room', () => {
  test('says nothing of a launch with another number: an earlier release opened that', () => {
    const status = statusOf({ room: { ...ROOM, number: 0 } });
    expect(classNameOf(holding(status))).toBe('small');
    expect(occupiedClasses(holding(status))).toEqual(['small']);
  });

  test('that came with another object is not believed', () => {
    const status = statusOf({ room: ROOM, uid: 'another' });
    expect(classNameOf(holding(status))).toBe('small');
  });

  test('says nothing once nothing of it lives', () => {
    const status = statusOf({ room: ROOM, launch: launchOf({ phase: 'Closed' }) });
    expect(classNameOf(holding(status))).toBe('small');
    expect(occupiedClasses(holding(status))).toEqual([]);
  });

  test('an existing status at rest gets none: an upgrade writes nothing', () => {
    const { status } = decideAt(factsOf());
    expect(status.room).toBeUndefined();
  });
});
