import { expect } from 'vitest';
import { type Finding, passed } from '../../../src/doctor/finding.ts';
import { examine } from '../../../src/plugin/doctor/examine.ts';
import type { Result } from '../../../src/plugin/doctor/result.ts';
import { createVirtualClock } from '../../support/base/virtualClock.ts';
import { type Answer, playKubectl, wellAnswers } from '../playedKubectl.ts';

/** What doctor finds in a cluster where all is well but for what changed. */
export async function examined(
  changed: Record<string, Answer> = {},
  reached: Partial<Finding> = {},
  at = '2026-11-27T00:00:00Z',
) {
  const clock = createVirtualClock({ now: Date.parse(at) });
  const kubectl = playKubectl({ ...wellAnswers(clock.now), ...changed });
  const told: Result[] = [];
  const reach = async () => ({ ...passed('gateway', 'the gateway', 'good'), ...reached }) as Finding;
  const done = examine({
    kubectl,
    clock,
    operatorNamespace: undefined,
    suffix: 'abc',
    reach,
    onResult: (it) => told.push(it),
  });
  await clock.advance(200_000);
  const results = await done;
  expect(told).toEqual(results);
  return { results, calls: kubectl.calls, ill: results.filter(({ verdict }) => verdict !== 'ok') };
}
