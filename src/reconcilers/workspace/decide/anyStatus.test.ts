import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryValue } from '../../../../test/api/arbitraryValue.ts';
import {
  type DecisionWithLedger,
  decideAt,
  withStatus,
} from '../../../../test/support/workspace/decisions.ts';
import {
  CLUSTER,
  desiredOf,
  factsOf,
  instanceOf,
  launchOf,
  MINUTE,
  NOW,
  silenceOf,
  stamp,
  statusOf,
} from '../../../../test/support/workspace/facts.ts';
import { workspaceCrd } from '../../../api/kinds/crd.ts';
import {
  LARGEST_NUMBER,
  type Launch,
  type WorkspaceStatus,
  workspaceStatus,
} from '../../../api/kinds/workspace.ts';
import { clientToken } from '../../../api/launch/token.ts';
import type { Facts } from './facts/facts.ts';

// What somebody with the right to write workspaces/status could write, and what it comes to.

const schema = workspaceCrd().spec.versions[0].schema.openAPIV3Schema.properties?.status;
if (!schema) throw new Error('the kind has a status');
const UID = factsOf().workspace.metadata.uid;
const IDS = ['i-ours', 'i-foreign', 'i-tokenless', 'i-none'];
const states = fc.constantFrom('pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated');
const ids = fc.constantFrom(...IDS);
const numbers = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constantFrom(LARGEST_NUMBER, LARGEST_NUMBER - 1));
const phases = fc.constantFrom('Waiting', 'Submitted', 'Stopped', 'Closed');

/** No count gets so far that one more is not a number that the API server stores: it would refuse the next status. */
function countable(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.min(value, LARGEST_NUMBER) : value;
}

/** A status that the API server stores, with a liking for what would be of use to somebody. */
const statuses = fc
  .record({
    any: arbitraryValue(schema),
    launch: fc.record(
      { number: numbers, instanceID: ids, phase: phases, readyAt: fc.constant('2026-01-01T11:00:00.000Z') },
      { requiredKeys: ['number', 'phase'] },
    ),
    terminating: fc.oneof(
      fc.constant<{ number: number; instanceID: string }[]>([]),
      fc.uniqueArray(fc.record({ number: fc.integer({ min: 1, max: 6 }), instanceID: ids }), {
        maxLength: 3,
        selector: ({ instanceID }) => instanceID,
      }),
    ),
    mine: fc.boolean(),
    current: fc.boolean(),
    /** About to be sent, as far as it says. */
    due: fc.boolean(),
    ended: fc.boolean(),
  })
  .map(({ any, launch, terminating, mine, current, due, ended }): WorkspaceStatus => {
    const status = workspaceStatus.parse(JSON.parse(JSON.stringify(any), countable));
    const { instanceID: _, ended: end, ...rest } = status.launch ?? { generation: 1, failures: 0 };
    const whole = { ...rest, ...launch, ...(ended && end && { ended: end }) } as Launch;
    if (due) whole.phase = 'Waiting';
    const uid = mine || due ? { uid: UID } : {};
    const desired = current || due ? { desired: desiredOf(1, 'a') } : {};
    return { ...status, ...uid, ...desired, launch: whole, ...(terminating.length > 0 && { terminating }) };
  });

const facts: fc.Arbitrary<Facts> = fc
  .record({
    status: statuses,
    number: fc.integer({ min: 1, max: 6 }),
    states: fc.tuple(states, states, states),
    mode: fc.constantFrom('Running', 'Stopped'),
    deleting: fc.constantFrom(false, false, true),
    present: fc.boolean(),
  })
  .map(({ status, number, states: [a, b, c], mode, deleting, present }) => {
    const numberOf = (id: string) =>
      status.terminating?.find(({ instanceID }) => instanceID === id)?.number ?? status.launch?.number ?? 1;
    const ours = instanceOf(number, a, { id: 'i-ours', clientToken: clientToken(CLUSTER, UID, number) });
    return factsOf({
      status,
      paramsAuthentic: false,
      spec: { operatingMode: mode },
      metadata: deleting ? { deletionTimestamp: '2026-01-01T11:59:00.000Z' } : {},
      instances: [
        ...(present ? [ours] : []),
        instanceOf(numberOf('i-foreign'), b, { id: 'i-foreign', clientToken: 'another' }),
        instanceOf(numberOf('i-tokenless'), c, { id: 'i-tokenless', clientToken: undefined }),
      ],
    });
  });

function passes(given: Facts): { decisions: DecisionWithLedger[]; last: Facts } {
  const decisions: DecisionWithLedger[] = [];
  let present = given;
  for (let pass = 0; pass < 10; pass += 1) {
    const decision = decideAt(present);
    decisions.push(decision);
    const next = withStatus(present, JSON.parse(JSON.stringify(decision.status)) as WorkspaceStatus);
    const rests = JSON.stringify(next.workspace.status) === JSON.stringify(present.workspace.status);
    present = next;
    if (rests) break;
  }
  return { decisions, last: present };
}

function always(law: (given: Facts, decisions: readonly DecisionWithLedger[]) => void): void {
  fc.assert(
    fc.property(facts, (given) => law(given, passes(given).decisions)),
    { numRuns: 300 },
  );
}

describe('for any status', () => {
  test('nothing is ended, stopped or started but what a launch of this Workspace made', () => {
    let touched = 0;
    always((_given, decisions) => {
      for (const { effect } of decisions) {
        if (!effect || !('ids' in effect)) continue;
        touched += 1;
        expect(effect.ids).toEqual(['i-ours']);
      }
    });
    expect(touched).toBeGreaterThan(5);
  });

  test.each<[string, string | undefined, Partial<Launch>]>([
    ['that EC2 does not show', 'absent', {}],
    ['without a client token', undefined, {}],
    ['of another request', 'another', {}],
    ['without a client token and silent', undefined, { readyAt: stamp(-60 * MINUTE) }],
  ])('no console is read of an instance %s', (_what, token, more) => {
    const id = 'i-theirs';
    const launch = launchOf({ instanceID: id, readyAt: undefined, deadline: stamp(-30 * MINUTE), ...more });
    const instance = { id, state: 'running' };
    const shown = { ...instanceOf(1, 'running', { id }), clientToken: token };
    const given = factsOf({
      status: statusOf({ uid: UID, launch, instance }),
      instances: token === 'absent' ? [] : [shown],
      heartbeats: { available: true, since: NOW.mono - 60 * MINUTE, launches: [] },
      process: { silence: silenceOf(1, 60 * MINUTE) },
    });
    const kinds = passes(given).decisions.map(({ effect }) => effect?.kind);
    expect(kinds).not.toContain('ReadConsole');
    const ours = factsOf({ ...given, instances: [instanceOf(1, 'running', { id })] });
    expect(passes(ours).decisions[0]?.effect).toEqual({ kind: 'ReadConsole', instanceID: id });
  });

  test('nothing is sent but what is decided now, by class and Workspace', () => {
    let armed = 0;
    always((_given, decisions) => {
      for (const { effect, status } of decisions) {
        if (effect?.kind !== 'RunInstances') continue;
        armed += 1;
        expect(effect.armed).toBe(true);
        expect(status.launch?.params).toMatchObject({ imageID: 'ami-1', securityGroupIDs: ['sg-1'] });
        expect(status.launch?.params?.instanceProfile).toBeUndefined();
        expect(status.launch?.params?.userData.gatewayURL).toBe('https://gateway');
      }
    });
    expect(armed).toBeGreaterThan(5);
  });

  test('nothing is sent while an instance of ours lives that is to be replaced', () => {
    always((given, decisions) => {
      const lives = given.instances.some(({ id, state }) => id === 'i-ours' && state !== 'terminated');
      if (lives) expect(decisions.filter(({ effect }) => effect?.kind === 'RunInstances')).toEqual([]);
    });
  });

  test('it is answered, comes to rest, and stays one that the API server stores', () => {
    always((given, decisions) => {
      for (const { status } of decisions) {
        const { error } = workspaceStatus.safeParse(JSON.parse(JSON.stringify(status)));
        expect(error).toBeUndefined();
      }
      const { last } = passes(given);
      expect(JSON.parse(JSON.stringify(decideAt(last).status))).toEqual(last.workspace.status);
    });
  });
});
