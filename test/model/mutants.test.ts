import { describe, expect, test } from 'vitest';
import { rest } from './fair.ts';
import type { Mutant } from './mutant.ts';
import { MUTANTS_OF_EDITS } from './mutantsOfEdits.ts';
import { MUTANTS_OF_EVIDENCE } from './mutantsOfEvidence.ts';
import { MUTANTS_OF_LAUNCHING } from './mutantsOfLaunching.ts';
import { rulesOf } from './rules.ts';
import { search } from './search.ts';
import { initialWorld, type Terms, type World } from './world.ts';

const MOST_STATES = 100_000;

function worldOf({ budget, ready, misled = false }: Mutant, terms: Partial<Terms>): World {
  const begin = initialWorld(budget, terms);
  return { ...(ready ? rest(begin, rulesOf()) : begin), misled };
}

/** MODEL_TRACES=1 prints the way to each break. */
function show({ rule, flaw }: Mutant, violation: { law: string; trace: string[] } | undefined): void {
  if (process.env.MODEL_TRACES)
    console.log([`rule ${rule}: ${flaw}`, ...(violation?.trace ?? []), violation?.law].join('\n  '));
}

describe.each([...MUTANTS_OF_LAUNCHING, ...MUTANTS_OF_EVIDENCE, ...MUTANTS_OF_EDITS])(
  'rule $rule is needed: when $flaw',
  (mutant) => {
    const { breaks, decide, terms = {} } = mutant;

    test('a law breaks, and with the rule none does as far as that', () => {
      const mutated = search(worldOf(mutant, terms), rulesOf(decide), MOST_STATES, false);
      show(mutant, mutated.violation);
      expect(mutated.violation?.law).toMatch(breaks);
      const whole = search(
        worldOf(mutant, { ...terms, sendsAfterConflict: false }),
        rulesOf(),
        mutated.states,
        false,
      );
      expect(whole.violation).toBeUndefined();
    });
  },
);
