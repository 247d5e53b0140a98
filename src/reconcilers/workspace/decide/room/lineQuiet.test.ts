import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryFacts } from '../../../../../test/support/workspace/arbitraryFacts.ts';
import { decideAt, withStatus } from '../../../../../test/support/workspace/decisions.ts';
import { MINUTE, NOW, SECOND } from '../../../../../test/support/workspace/facts.ts';
import type { WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { plus } from '../../../../controller/lib/time.ts';
import type { Facts } from '../facts/facts.ts';
import { NEAR_MS } from './line.ts';

const FAR = { inMs: 10 * MINUTE, ahead: 1199 };
const NEAR = { inMs: NEAR_MS, ahead: 60 };

/** The dry run that it asks for failed a moment ago, and is due again. */
function withFailedDryRun(facts: Facts): Facts {
  const { effect } = decideAt({ ...facts, line: NEAR });
  if (effect?.kind !== 'DryRun') return facts;
  const verdict = { ok: false as const, class: 'retry' as const, code: 'C', message: 'Later.' };
  const validations = [{ fingerprint: effect.fingerprint, verdict, expiresAt: plus(NOW.mono, -SECOND) }];
  return { ...facts, process: { ...facts.process, validations } };
}

const asStored = (status: WorkspaceStatus) => JSON.parse(JSON.stringify(status)) as WorkspaceStatus;

test('what waits in line writes nothing as the line moves: each write would bring about the next', () => {
  let waited = 0;
  fc.assert(
    fc.property(arbitraryFacts, fc.constantFrom(FAR, NEAR), (given, line) => {
      const facts = { ...withFailedDryRun(given), line };
      const first = decideAt(facts);
      if (!first.ask) return;
      waited += 1;
      const recorded = withStatus(facts, asStored(first.status));
      const moved = { inMs: line.inMs + 1, ahead: line.ahead + 1 };
      expect(asStored(decideAt({ ...recorded, line: moved }, 1).status)).toEqual(recorded.workspace.status);
    }),
    { numRuns: 500 },
  );
  expect(waited).toBeGreaterThan(20);
});
