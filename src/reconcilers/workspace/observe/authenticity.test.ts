import { expect, test } from 'vitest';
import { monoMs } from '../../../../test/support/base/moments.ts';
import { decideAt } from '../../../../test/support/workspace/decisions.ts';
import { doubtful, factsOf, statusOf, waiting } from '../../../../test/support/workspace/facts.ts';
import { signed } from '../../../../test/support/workspace/signed.ts';
import { createSurroundings } from '../../../../test/support/workspace/workspaceDeps.ts';
import type { Workspace } from '../../../api/kinds/workspace.ts';
import { TerminalError } from '../../../controller/client/errors.ts';
import { perform } from '../act/effects.ts';
import { createMemory } from '../context/memory.ts';
import { paramsAuthentic, withMacs } from './authenticity.ts';

const around = createSurroundings();
const { deps } = around;

function inDoubt(change: object = {}): Workspace {
  const { status, ...rest } = signed(deps, factsOf({ status: statusOf({ launch: doubtful() }) }).workspace);
  if (!status?.launch?.params) throw new Error('it has parameters');
  const params = { ...status.launch.params, ...change };
  return { ...rest, status: { ...status, launch: { ...status.launch, params } } };
}

test('the decision that arms a launch gives its parameters a MAC, and no other decision does', () => {
  const facts = factsOf({ status: statusOf({ launch: waiting(2) }), instances: [] });
  const armed = decideAt(facts);
  expect(armed.effect).toMatchObject({ kind: 'RunInstances', armed: true });
  const { status } = withMacs(deps, facts.workspace, armed);
  expect(paramsAuthentic(deps, { ...facts.workspace, status })).toBe(true);
  for (const launch of [doubtful(), waiting(2), undefined]) {
    const other = decideAt(factsOf({ status: statusOf({ launch }), spec: { paused: true } }));
    expect(withMacs(deps, facts.workspace, other)).toBe(other);
  }
});

test('a request’s parameters are verified again before it is sent, after any decision', async () => {
  const workspace = inDoubt({ imageID: 'ami-evil' });
  const memory = createMemory();
  const mine = memory.of('default/ada', workspace.metadata.uid);
  const given = {
    deps,
    memory,
    mine,
    workspace,
    guard: () => undefined,
    termAt: monoMs(0),
    decidedAt: monoMs(0),
    turned: undefined,
  };
  for (const armed of [true, false]) {
    const pass = perform({ ...given, context: around.context }, { kind: 'RunInstances', number: 1, armed });
    await expect(pass).rejects.toBeInstanceOf(TerminalError);
  }
  expect(around.sent).toEqual([]);
  expect(paramsAuthentic(deps, inDoubt())).toBe(true);
});
