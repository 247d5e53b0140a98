import { describe, expect, test } from 'vitest';
import { type ClassOverrides, classFactsOf } from '../../../../test/support/fleet/classFacts.ts';
import { MINUTE, NOW, stamp } from '../../../../test/support/workspace/facts.ts';
import type { WorkspaceClassStatus } from '../../../api/kinds/workspaceClassStatus.ts';
import { decideClass } from './decide.ts';
import type { ClassContent } from './facts.ts';

const failing = (more: Partial<ClassContent> = {}): ClassContent => ({
  name: 'class:new',
  proven: false,
  failing: 1,
  by: 'default/ada',
  message: '2 launches of default/ada with it (ClassChanged) never became Ready.',
  waiting: 9,
  ...more,
});

const KNOWN: WorkspaceClassStatus = { observedGeneration: 1, handled: {} };
const decided = (contents: ClassContent[], more: ClassOverrides = {}) =>
  decideClass(classFactsOf({ status: KNOWN, fleet: { contents, rolling: 9 }, ...more }), NOW);
const haltedAs = (status: WorkspaceClassStatus) => status.halted?.map(({ content }) => content);

describe('content that failed', () => {
  test.each<[string, Partial<ClassContent>, boolean]>([
    ['with the first, before anything came up with it', {}, true],
    ['with one of those that it came up with', { proven: true, failing: 1 }, false],
    ['with several, though it came up with others', { proven: true, failing: 3 }, true],
    ['with none left', { failing: 0 }, false],
    ['with the only one that wants it: that is no matter of the class', { waiting: 0 }, false],
  ])('%s: halted or not', (_, more, halts) => {
    expect(haltedAs(decided([failing(more)]).status)).toEqual(halts ? ['class:new'] : undefined);
  });

  test('is reported at once, with the failed Workspace and the next step, and the class is not Ready', () => {
    const { status, events } = decideClass(
      classFactsOf({
        status: decided([]).status,
        fleet: { contents: [failing()], rolling: 9 },
        wroteAt: NOW.mono,
      }),
      NOW,
    );
    const complete = status.conditions?.find(({ type }) => type === 'RolloutComplete');
    expect(complete).toMatchObject({ status: 'False', reason: 'RolloutHalted' });
    expect(complete?.message).toMatch(/default\/ada.*never became Ready.*spec\.requests\.resume/);
    expect(status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      reason: 'RolloutHalted',
    });
    expect(events).toEqual([expect.objectContaining({ type: 'Warning', reason: 'RolloutHalted' })]);
    expect(status.rollout?.estimatedEndAt).toBeUndefined();
  });
});

describe('what is halted', () => {
  const halted = decided([failing()]).status;
  const later = (contents: ClassContent[], spec: Record<string, unknown> = {}) =>
    decideClass(classFactsOf({ status: halted, spec, fleet: { contents, rolling: 9 } }), {
      wall: NOW.wall + MINUTE,
      mono: NOW.mono + MINUTE,
    }).status;

  test('stays so, though the one that failed came up in the end: a person looks first', () => {
    expect(later([failing({ proven: true, failing: 0 })])).toEqual(halted);
  });

  test('is forgotten once no Workspace waits for it: a newer change replaced it', () => {
    expect(later([failing({ waiting: 0 })]).halted).toBeUndefined();
  });

  test('is resumed by a new value, which is answered once; what failed before halts nothing any more', () => {
    const resumed = later([failing()], { requests: { resume: 'again' } });
    expect(resumed.halted).toBeUndefined();
    expect(resumed.handled).toEqual({ resume: 'again', resumedAt: stamp(MINUTE) });
    const facts = classFactsOf({
      status: resumed,
      spec: { requests: { resume: 'again' } },
      fleet: { contents: [failing({ failing: 1 })], rolling: 9 },
    });
    expect(haltedAs(decideClass(facts, NOW).status)).toEqual(['class:new']);
  });

  test('is not resumed by a value that was there at creation, nor by its removal', () => {
    const created = classFactsOf({ spec: { requests: { resume: 'old' } }, fleet: { contents: [failing()] } });
    const first = decideClass(created, NOW).status;
    expect(first.handled).toEqual({ resume: 'old' });
    const then = classFactsOf({
      status: first,
      spec: { requests: { resume: 'old' } },
      fleet: { contents: [failing()] },
    });
    const status = decideClass(then, NOW).status;
    expect(haltedAs(status)).toEqual(['class:new']);
    const removed = classFactsOf({ status, fleet: { contents: [failing()] } });
    expect(haltedAs(decideClass(removed, NOW).status)).toEqual(['class:new']);
  });
});
