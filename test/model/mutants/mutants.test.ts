import { describe, expect, test } from 'vitest';
import { search } from '../search/search.ts';
import { along, rest } from '../steps/fair.ts';
import { rulesOf } from '../steps/rules.ts';
import { initialWorld, type Terms, type World } from '../world/world.ts';
import type { Mutant } from './mutant.ts';
import { MUTANTS_OF_EDITS } from './mutantsOfEdits.ts';
import { MUTANTS_OF_EVIDENCE } from './mutantsOfEvidence.ts';
import { MUTANTS_OF_FLEETS } from './mutantsOfFleets.ts';
import { MUTANTS_OF_LAUNCHING } from './mutantsOfLaunching.ts';

const MOST_STATES = 100_000;

function worldOf({ after = [], budget, ready, misled = false }: Mutant, terms: Partial<Terms>): World {
  const begin = initialWorld(budget, terms);
  return along(after, { ...(ready ? rest(begin, rulesOf()) : begin), misled }, rulesOf());
}

/** MODEL_TRACES=1 prints the way to each break. */
function show({ rule, flaw }: Mutant, violation: { law: string; trace: string[] } | undefined): void {
  if (process.env.MODEL_TRACES)
    console.log([`rule ${rule}: ${flaw}`, ...(violation?.trace ?? []), violation?.law].join('\n  '));
}

describe.each([...MUTANTS_OF_LAUNCHING, ...MUTANTS_OF_EVIDENCE, ...MUTANTS_OF_EDITS, ...MUTANTS_OF_FLEETS])(
  'rule $rule is needed: when $flaw',
  (mutant) => {
    const { alone = false, breaks, decide, terms = {} } = mutant;

    test('a law breaks, and with the rule none does as far as that', () => {
      const mutated = search(worldOf(mutant, terms), rulesOf(decide), MOST_STATES, alone);
      show(mutant, mutated.violation);
      expect(mutated.violation?.law).toMatch(breaks);
      const whole = search(
        worldOf(mutant, { ...terms, sendsAfterConflict: false, forgetsRefusals: false }),
        rulesOf(),
        mutated.states,
        alone,
      );
      expect(whole.violation).toBeUndefined();
    });
  },
);
