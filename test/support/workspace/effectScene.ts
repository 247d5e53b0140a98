import { plus } from '../../../src/controller/lib/time.ts';
import { ec2Failure } from '../../../src/ec2/calls/errors.ts';
import type { ErrorClass } from '../../../src/ec2/calls/port.ts';
import type { LineBucket } from '../../../src/ec2/lines/lines.ts';
import { perform } from '../../../src/reconcilers/workspace/act/effects.ts';
import { createMemory } from '../../../src/reconcilers/workspace/context/memory.ts';
import type { Effect } from '../../../src/reconcilers/workspace/decide/facts/view.ts';
import { monoMs } from '../base/moments.ts';
import { doubtful, factsOf, statusOf } from './facts.ts';
import { signed } from './signed.ts';
import { createSurroundings } from './workspaceDeps.ts';

/** When the process took the lease. */
export const TERM_AT = monoMs(9_000_000);

/** A Workspace with this status, and what performs effects for it between a cluster and an EC2 that a test writes. */
export function createEffectScene(status = statusOf({ launch: doubtful(), instance: undefined })) {
  const around = createSurroundings();
  const workspace = around.store(signed(around.deps, factsOf({ status }).workspace));
  const memory = createMemory();
  const mine = memory.of('default/ada', workspace.metadata.uid);
  const guards = { blocked: false };
  const guard = () => {
    if (guards.blocked) throw new Error('the lease may be held by another');
  };
  const { deps, context } = around;
  return {
    ...around,
    memory,
    mine,
    guards,
    perform(
      effect: Effect,
      { decidedMsAgo = 0, turned }: { decidedMsAgo?: number; turned?: LineBucket } = {},
    ) {
      const decidedAt = plus(deps.clock.monotonic(), -decidedMsAgo);
      return perform(
        { deps, memory, mine, workspace, guard, decidedAt, termAt: TERM_AT, turned, context },
        effect as Parameters<typeof perform>[1],
      );
    },
    refuseRuns(kind: ErrorClass, code = 'Code') {
      around.answerRuns(() => {
        throw ec2Failure({ class: kind, code, action: 'RunInstances', detail: 'as the test wants' });
      });
    },
  };
}
