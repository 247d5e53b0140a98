import { describe, expect, test } from 'vitest';
import { decideAt, later } from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  factsOf,
  HOUR,
  instanceOf,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { workspaceStatus } from '../../../../api/kinds/workspace.ts';
import { CAUSE_KINDS, isEnd, isFailure, OUTCOMES } from '../../../../api/reasons/causes.ts';
import { draftFrom } from '../facts/decision.ts';
import { backoffMs } from './backoff.ts';

const FAILURES = 3;

/** Launch 1, the fourth in a row that came to an end, has ended in this way. */
function endedAs(outcome: (typeof OUTCOMES)[number]) {
  const launch = booting({ failures: FAILURES, ended: { outcome, at: stamp(0) } });
  return factsOf({
    status: statusOf({ launch }),
    instances: [instanceOf(1, 'terminated')],
    heartbeats: { available: true, since: 0, launches: [] },
  });
}

describe('each end that a launch can come to', () => {
  test.each(CAUSE_KINDS.filter(isEnd))(
    '%s: the next launch spends it by name, and no pause is forgotten',
    (kind) => {
      const { status } = decideAt(endedAs(kind), HOUR);
      const failures = FAILURES + (isFailure({ outcome: kind }) ? 1 : 0);
      expect(status.launch).toMatchObject({ number: 2, cause: { kind, ref: '1' }, failures });
      const next = draftFrom(factsOf({ status }), later(HOUR));
      expect(status.launch && backoffMs(next, status.launch)).toBeGreaterThanOrEqual(240_000);
    },
  );

  test.each(OUTCOMES)('%s is a status that the kind allows', (outcome) => {
    const { status } = endedAs(outcome).workspace;
    expect(workspaceStatus.parse(status).launch?.ended?.outcome).toBe(outcome);
  });
});
