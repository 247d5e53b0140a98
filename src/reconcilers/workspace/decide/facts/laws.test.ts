import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryFacts } from '../../../../../test/support/workspace/arbitraryFacts.ts';
import {
  type DecisionWithLedger,
  decideAt,
  later,
  withStatus,
} from '../../../../../test/support/workspace/decisions.ts';
import { workspaceStatus } from '../../../../api/kinds/workspace.ts';
import { clientToken } from '../../../../api/launch/token.ts';
import { CAUSES, outdatedBy } from '../../../../api/reasons/causes.ts';
import { parseStamp } from '../../../../controller/lib/time.ts';
import { isAnothers, provenGone } from '../record/ending.ts';
import { draftFrom } from './decision.ts';
import type { Facts } from './facts.ts';

const runs = { numRuns: 300 };

function always(law: (facts: Facts, decision: DecisionWithLedger) => void): void {
  fc.assert(
    fc.property(arbitraryFacts, (facts) => law(facts, decideAt(facts))),
    runs,
  );
}

const numberOf = (facts: Facts) => facts.workspace.status?.launch?.number ?? 0;

function lives(facts: Facts, number: number, id: string): boolean {
  return !provenGone(draftFrom(facts, later(0)), number, id);
}

test('the facts are varied enough for every effect to be asked for, and for interruptions to be announced and seen', () => {
  const decisions = fc.sample(arbitraryFacts, { numRuns: 500, seed: 3 }).map((facts) => decideAt(facts));
  const effects = decisions.map(({ effect }) => effect);
  const conditions = decisions.flatMap(({ status }) => status.conditions ?? []);
  expect(conditions).toContainEqual(
    expect.objectContaining({ type: 'InstanceReady', reason: 'Interrupted' }),
  );
  const ends = decisions.flatMap(({ status }) => status.history ?? []);
  expect(ends).toContainEqual(expect.objectContaining({ outcome: 'Interrupted' }));
  expect(new Set(effects.map((effect) => effect?.kind))).toEqual(
    new Set([
      undefined,
      'AddFinalizer',
      'RemoveFinalizer',
      'RunInstances',
      'DryRun',
      'TerminateInstances',
      'StopInstances',
      'StartInstances',
      'ReadConsole',
    ]),
  );
  const sends = effects.flatMap((effect) => (effect?.kind === 'RunInstances' ? [effect.armed] : []));
  expect(new Set(sends)).toEqual(new Set([true, false]));
});

describe('for all facts', () => {
  test('a decision is a function of them: it changes none, and asked twice it says the same', () => {
    always((facts, decision) => {
      const before = structuredClone(facts);
      expect(decideAt(facts)).toEqual(decision);
      expect(facts).toEqual(before);
    });
  });

  test('over facts that do not change it comes to rest: no write, no event, no line in the ledger', () => {
    always((facts, first) => {
      let present = facts;
      let decision = first;
      for (let pass = 0; pass < 4; pass += 1) {
        present = withStatus(present, JSON.parse(JSON.stringify(decision.status)));
        decision = decideAt(present);
      }
      expect(JSON.parse(JSON.stringify(decision.status))).toEqual(present.workspace.status);
      expect(decision.ledger).toEqual([]);
      if (decision.effect?.kind !== 'RemoveFinalizer') expect(decision.events).toEqual([]);
    });
  });

  test('the status is one that the kind allows', () => {
    always((_facts, { status }) => {
      expect(workspaceStatus.safeParse(JSON.parse(JSON.stringify(status))).error).toBeUndefined();
    });
  });

  test('the number grows by one at most, and never shrinks but where it was lost', () => {
    always((facts, { status, settled }) => {
      const grown = (status.launch?.number ?? 0) - numberOf(facts);
      expect(grown).toBeGreaterThanOrEqual(0);
      if (!settled) expect(grown).toBeLessThanOrEqual(1);
    });
  });

  test('provisions never shrink, nor does the generation', () => {
    always((facts, { status }) => {
      expect(status.provisions).toBeGreaterThanOrEqual(facts.workspace.status?.provisions ?? 0);
      const before = facts.workspace.status?.desired?.generation ?? 0;
      expect(status.desired?.generation ?? before).toBeGreaterThanOrEqual(before);
    });
  });

  test('RunInstances goes out only for the launch on record, armed, with all its parameters', () => {
    always((_facts, { status, effect }) => {
      if (effect?.kind !== 'RunInstances') return;
      expect(effect.number).toBe(status.launch?.number);
      expect(status.launch?.phase).toBe('Submitted');
      expect(status.launch?.params).toBeDefined();
      expect(status.launch?.instanceID).toBeUndefined();
      expect(status.launch?.ended).toBeUndefined();
    });
  });

  test('nothing is armed while an older instance is not proven gone', () => {
    always((facts, { status, effect }) => {
      if (effect?.kind !== 'RunInstances' || !effect.armed) return;
      expect(status.terminating).toBeUndefined();
      for (const { number, id } of facts.instances) {
        if (number < effect.number) expect(lives(facts, number, id)).toBe(false);
      }
    });
  });

  test('nothing is launched before a whole sweep of this term', () => {
    always((facts, { effect }) => {
      if (effect?.kind !== 'RunInstances') return;
      expect(facts.sweptAt !== undefined && facts.sweptAt >= facts.process.termAt).toBe(true);
    });
  });

  test('a replay leaves the parameters as they are', () => {
    always((facts, { status, effect }) => {
      if (effect?.kind !== 'RunInstances' || effect.armed) return;
      expect(status.launch?.params).toEqual(facts.workspace.status?.launch?.params);
    });
  });

  test('only what is superseded, or being deleted, is ended', () => {
    always((facts, { status, effect }) => {
      if (effect?.kind !== 'TerminateInstances') return;
      if (facts.workspace.metadata.deletionTimestamp !== undefined) return;
      const wanted = status.launch?.ended ? undefined : status.launch?.instanceID;
      expect(effect.ids).not.toContain(wanted);
      for (const id of effect.ids) {
        const entry = status.terminating?.find((candidate) => candidate.instanceID === id);
        expect(entry?.number).toBeLessThan(status.launch?.number ?? 0);
      }
    });
  });

  test('nothing is ended, stopped or started but what EC2 says that a launch of this Workspace made', () => {
    always((facts, { effect }) => {
      if (!effect || !('ids' in effect)) return;
      for (const id of effect.ids) {
        const instance = facts.instances.find((it) => it.id === id);
        const { uid } = facts.workspace.metadata;
        expect(instance?.clientToken).toBe(clientToken(facts.clusterID, uid, instance?.number ?? 0));
      }
    });
  });

  test('while paused nothing is begun, ended, stopped or started; what is in doubt is found out', () => {
    always((facts, { status, effect, settled }) => {
      const { metadata, spec, status: before } = facts.workspace;
      if (!spec.paused || metadata.deletionTimestamp !== undefined) return;
      expect([undefined, 'AddFinalizer', 'RunInstances', 'ReadConsole']).toContain(effect?.kind);
      if (effect?.kind === 'RunInstances') expect(effect.armed).toBe(false);
      if (before && !settled) expect(status.launch?.number ?? 0).toBe(numberOf(facts));
    });
  });

  test('while no offering has room no program gives up what lives', () => {
    always((facts, { status, settled }) => {
      const before = facts.workspace.status?.launch;
      const kind = status.launch?.cause?.kind;
      if (facts.refused.length === 0 || settled || !kind) return;
      if ((status.launch?.number ?? 0) <= (before?.number ?? 0) || status.launch?.phase !== 'Waiting') return;
      const instance = facts.instances.find(({ id }) => id === before?.instanceID);
      if (!instance || before?.ended || instance.clientToken === 'another request') return;
      if (instance.state === 'shutting-down' || !lives(facts, instance.number, instance.id)) return;
      expect(outdatedBy(kind), kind).toBeUndefined();
    });
  });

  test('only the present launch’s instance is stopped or started, and only as the mode wants it', () => {
    always((facts, { status, effect }) => {
      if (effect?.kind !== 'StopInstances' && effect?.kind !== 'StartInstances') return;
      expect(effect.ids).toEqual([status.launch?.instanceID]);
      expect(status.launch?.ended).toBeUndefined();
      const mode = effect.kind === 'StopInstances' ? 'Stopped' : 'Running';
      expect(facts.workspace.spec).toMatchObject({ operatingMode: mode, paused: false });
      expect(status.launch?.phase).toBe(mode === 'Stopped' ? 'Stopped' : 'Submitted');
    });
  });

  test('after deletion no number is written, and the finalizer stays while anything may live', () => {
    always((facts, { status, effect, settled }) => {
      const { annotations, deletionTimestamp } = facts.workspace.metadata;
      if (deletionTimestamp === undefined) return;
      if (!settled) expect(status.launch?.number ?? 0).toBe(numberOf(facts));
      if (effect?.kind !== 'RemoveFinalizer' || annotations) return;
      // What another request made is not ours to wait for.
      const ours = facts.instances.filter((it) => !isAnothers(draftFrom(facts, later(0)), it));
      expect(ours.filter(({ number, id }) => lives(facts, number, id))).toEqual([]);
    });
  });

  test('a restart is answered by a number, at its arming, or while there is none to restart', () => {
    always((facts, { status, settled }) => {
      const { spec, status: before } = facts.workspace;
      const answered = before && status.handled?.restart !== before.handled?.restart;
      if (!answered || settled) return;
      const launches = (status.launch?.number ?? 0) > numberOf(facts);
      const arms = before.launch?.phase === 'Waiting' && status.launch?.phase === 'Submitted';
      const { launch } = before;
      const joins = launch?.cause?.kind === 'Restart' && launch.phase === 'Submitted' && !launch.readyAt;
      expect(launches || arms || joins || spec.operatingMode === 'Stopped').toBe(true);
    });
  });

  test('no programmatic number while a launch progresses (S11)', () => {
    always((facts, { status, settled }) => {
      const before = facts.workspace.status?.launch;
      if (!before?.instanceID || before.phase !== 'Submitted' || before.ended || before.readyAt) return;
      if (settled || status.launch?.number !== before.number + 1) return;
      const row = facts.heartbeats.launches.find(({ number }) => number === before.number);
      const over = status.history?.some(
        ({ number, outcome }) => number === before.number && outcome !== 'Superseded',
      );
      const inTime = later(0).wall < parseStamp(before.deadline);
      const { kind } = status.launch.cause ?? { kind: 'Created' };
      if (inTime && !row?.alive && !over) expect(CAUSES[kind].supersedesStarting, kind).toBe(true);
    });
  });

  test('what an agent says of an interruption decides nothing', () => {
    const withoutNotice = (facts: Facts): Facts => ({
      ...facts,
      heartbeats: {
        ...facts.heartbeats,
        launches: facts.heartbeats.launches.map(({ interruption: _notice, ...row }) => row),
      },
    });
    always((facts, { status, effect, ledger, requeueAfterMs }) => {
      const deaf = decideAt(withoutNotice(facts));
      const shown = { ...status, conditions: undefined };
      expect({ shown, effect, ledger, requeueAfterMs }).toEqual({
        shown: { ...deaf.status, conditions: undefined },
        effect: deaf.effect,
        ledger: deaf.ledger,
        requeueAfterMs: deaf.requeueAfterMs,
      });
    });
  });

  test('Ready needs a running instance of this launch, and a heartbeat of its own', () => {
    always((facts, { status }) => {
      const ready = status.conditions?.find(({ type }) => type === 'Ready');
      const was = facts.workspace.status?.conditions?.find(({ type }) => type === 'Ready');
      if (ready?.status !== 'True' || was?.status === 'True') return;
      const row = facts.heartbeats.launches.find(({ number }) => number === status.launch?.number);
      expect(row).toMatchObject({ alive: true, fresh: true });
      expect(status.instance).toMatchObject({ id: status.launch?.instanceID, state: 'running' });
    });
  });
});
