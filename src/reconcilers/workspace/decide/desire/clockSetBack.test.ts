import { expect, test } from 'vitest';
import { decideValidated } from '../../../../../test/support/workspace/decisions.ts';
import {
  desiredOf,
  environmentOf,
  factsOf,
  HOUR,
  launchOf,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';

test('a clock set back by hours holds no change back until it has caught up', () => {
  const launch = launchOf({
    openedAt: stamp(5 * HOUR),
    submittedAt: stamp(5 * HOUR),
    deadline: stamp(5.25 * HOUR),
    readyAt: stamp(5 * HOUR),
  });
  const status = statusOf({ desired: desiredOf(2, 'b'), launch });
  const decision = decideValidated(factsOf({ status, environment: environmentOf('b') }));
  expect(decision.status.launch).toMatchObject({ number: 2, cause: { kind: 'SecretChanged', ref: '2' } });
});
