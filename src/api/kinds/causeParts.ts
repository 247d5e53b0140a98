import { z } from 'zod';
import { text } from '../base/meta.ts';
import { namesOf } from '../base/table.ts';
import { CAUSE_KINDS, kindsThatSpend, SPENT } from '../reasons/causes.ts';

export const causeKind = z.enum(CAUSE_KINDS);

/** A sentence about each kind's spending: `A, B and C spend a generation; …`. */
function sayWhatIsSpent(): string {
  const clauses = namesOf(SPENT).map((spends, index) => {
    const kinds = kindsThatSpend(spends);
    const verb = index > 0 ? '' : kinds.length > 1 ? ' spend' : ' spends';
    return `${inWords(kinds)}${verb} ${SPENT[spends].what}`;
  });
  return `${clauses.join('; ')}.`;
}

function inWords(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

export const cause = z
  .object({
    kind: causeKind.describe(sayWhatIsSpent()),
    ref: text(128).describe(
      `What was spent: ${SPENT.generation.ref}, ${SPENT.request.ref}, or ${SPENT.end.ref}.`,
    ),
  })
  .describe('The one thing that this launch spends.');
