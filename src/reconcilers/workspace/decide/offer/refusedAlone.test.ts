import { expect, test } from 'vitest';
import { decideAt } from '../../../../../test/support/workspace/decisions.ts';
import {
  doubtful,
  factsOf,
  MINUTE,
  refusalOf,
  SECOND,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { refusedOf } from '../../../../../test/support/workspace/refused.ts';

const quiet = { available: true, since: 0, launches: [] };
/** What EC2 refuses to others is asked again, or is about to be. */
const MARKS = [-1, MINUTE].flatMap((ms) => [
  refusedOf('VcpuLimitExceeded', ms, {}, 'quota'),
  refusedOf('Blocked', ms, {}, 'userFix'),
  refusedOf('Unsupported', ms),
]);

test.each(MARKS)('what a person must fix keeps its pause, though EC2 refuses others for $code', (mark) => {
  const { status, requeueAfterMs } = decideAt(
    factsOf({
      status: statusOf({ launch: doubtful(), instance: undefined, provisions: 0 }),
      instances: [],
      heartbeats: quiet,
      process: { answer: refusalOf(1, 'userFix') },
      refused: [mark],
    }),
  );
  expect(status.launch?.number).toBe(1);
  expect(requeueAfterMs).toBeGreaterThanOrEqual(30 * SECOND);
});
