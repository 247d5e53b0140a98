import fc from 'fast-check';
import type { InstanceFact } from '../../../src/reconcilers/workspace/decide/facts/facts.ts';
import { HOUR, instanceOf, MINUTE, NOW, SECOND } from './facts.ts';

/** Mostly the first. */
export function rarely<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 7, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

export const agoMs = fc.constantFrom(0, SECOND, 30 * SECOND, 2 * MINUTE, 6 * MINUTE, 2 * HOUR);

const notFound = fc.constantFrom(0, MINUTE, 6 * MINUTE).map((apart) => ({
  missing: true,
  notFound: { firstAt: NOW.mono - apart, lastAt: NOW.mono },
}));
const states = ['pending', 'running', 'shutting-down', 'terminated', 'stopping', 'stopped'];
const absences = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constant({ missing: true }) },
  { weight: 1, arbitrary: notFound },
);

const impairments = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: agoMs.map((ms) => ({ impaired: { kind: 'instance' as const, since: NOW.mono - ms } })),
  },
);

/** Mostly of launches on record, now and then of one above them. */
export function instancesUpTo(number: number): fc.Arbitrary<InstanceFact[]> {
  const numbers = fc.oneof(
    { weight: 8, arbitrary: fc.constant(Math.max(number, 1)) },
    { weight: 7, arbitrary: fc.integer({ min: 1, max: Math.max(number, 1) }) },
    { weight: 1, arbitrary: fc.constant(number + 1) },
  );
  const instance = fc
    .record({
      number: numbers,
      state: fc.constantFrom(...states),
      absence: absences,
      impairment: impairments,
      stateReasonCode: rarely<string | undefined>(undefined, 'Server.SpotInstanceTermination'),
      owner: rarely<object>({}, { clientToken: 'another request' }, { clientToken: undefined }),
    })
    .map(({ number: its, state, absence, impairment, stateReasonCode, owner }) =>
      instanceOf(its, state, {
        ...absence,
        ...impairment,
        ...owner,
        ...(stateReasonCode && { stateReasonCode }),
      }),
    );
  return fc.uniqueArray(instance, { maxLength: 3, selector: ({ id }) => id });
}
