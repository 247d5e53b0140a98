import { expect, test } from 'vitest';
import { READY_REASONS, UP_TO_DATE_REASONS } from '../../api/reasons/reasons.ts';
import type { SeenCondition, SeenWorkspace } from './seen.ts';
import { whyOf } from './why.ts';

function workspaceWith(...conditions: SeenCondition[]): SeenWorkspace {
  return {
    metadata: { name: 'ada', namespace: 'team' },
    spec: { className: 'standard' },
    status: { conditions },
  };
}

const condition = (type: string, status: string, reason: string): SeenCondition => ({
  type,
  status,
  reason,
  message: `what ${reason} says of NAME, word for word`,
});

const cases = [
  ...Object.keys(READY_REASONS).map((reason) => ({ type: 'Ready', reason })),
  ...Object.keys(UP_TO_DATE_REASONS).map((reason) => ({ type: 'UpToDate', reason })),
];

test.each(cases)(
  '$type $reason: the condition’s reason and whole message, what to do, and a command',
  ({ type, reason }) => {
    const own = condition(type, 'False', reason);
    const others =
      type === 'Ready' ? [condition('UpToDate', 'False', 'Updating')] : [condition('Ready', 'True', 'Ready')];
    const why = whyOf(workspaceWith(...others, own));
    expect(why).toMatchObject({ condition: type, reason, message: own.message });
    expect(why?.todo).toBe({ ...READY_REASONS, ...UP_TO_DATE_REASONS }[reason]?.todo);
    expect(why?.next).toMatch(/^kubectl /);
    expect(why?.next).not.toMatch(/NAME|CLASS/);
  },
);

test('the deepest blocker is Ready’s; where that is True it is UpToDate’s, and where both are there is none', () => {
  const ready = (status: string) => condition('Ready', status, status === 'True' ? 'Ready' : 'Booting');
  const upToDate = (status: string) =>
    condition('UpToDate', status, status === 'True' ? 'UpToDate' : 'Deferred');
  expect(whyOf(workspaceWith(upToDate('False'), ready('False')))?.reason).toBe('Booting');
  expect(whyOf(workspaceWith(upToDate('False'), ready('True')))?.reason).toBe('Deferred');
  expect(whyOf(workspaceWith(upToDate('True'), ready('True')))).toBeUndefined();
});

test('an edit that no operator has decided is not called carried out; a blocker of before is marked as such', () => {
  const all = workspaceWith(condition('Ready', 'True', 'Ready'), condition('UpToDate', 'True', 'UpToDate'));
  const at = (workspace: SeenWorkspace, observedGeneration: number): SeenWorkspace => ({
    ...workspace,
    metadata: { ...workspace.metadata, generation: 3 },
    status: { ...workspace.status, observedGeneration },
  });
  expect(whyOf(at(all, 3))).toBeUndefined();
  expect(whyOf(at(all, 2))).toMatchObject({
    condition: 'UpToDate',
    reason: 'NotSeen',
    message:
      'ada was edited (generation 3), and the operator has not decided yet what follows: its conditions are of generation 2.',
  });
  const stopped = workspaceWith(condition('Ready', 'False', 'Stopped'));
  expect(whyOf(at(stopped, 2))).toMatchObject({
    reason: 'Stopped',
    outdated: expect.stringContaining('generation 2'),
  });
  expect(whyOf(at(stopped, 3))).not.toHaveProperty('outdated');
});

test('shows a reason of a later release, or one that every object inherits, as it is; and that no operator has seen an object', () => {
  for (const reason of ['FromTheFuture', 'constructor']) {
    const why = whyOf(workspaceWith(condition('Ready', 'False', reason)));
    expect(why).toMatchObject({ reason, next: 'kubectl events --for wks/ada --namespace team' });
    expect(why).not.toHaveProperty('todo');
  }
  expect(whyOf({ metadata: { name: 'ada' }, spec: { className: 'standard' } })?.reason).toBe('NotSeen');
});
