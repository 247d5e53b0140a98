import { z } from 'zod';
import { text, timestamp } from '../base/meta.ts';
import { namesOf } from '../base/table.ts';
import { REFUSALS } from '../reasons/refusals.ts';

/** More failures than these are not kept. */
export const MOST_FAILURES = 8;

export const replacement = z
  .object({
    number: z.int().min(1).describe('Number of the first launch of the replacement.'),
    since: timestamp.describe('When that launch was decided.'),
    slot: z
      .boolean()
      .describe(
        'Whether the operator gave up an instance that served. The Workspace then holds a place of rollout.maxUnavailable until it serves again.',
      ),
    before: z
      .object({
        machine: text(128).optional().describe('The machine digest that it served with.'),
        env: text(128).optional().describe('The environment digest that it served with.'),
      })
      .optional()
      .describe('What it served with before.'),
    failures: z
      .array(
        z
          .object({
            number: z.int().min(1).describe('Number of the launch.'),
            at: timestamp.describe('When its end was seen.'),
            contents: z
              .array(text(160))
              .max(2)
              .describe('Digests of what was new in it and may be to blame, as content is compared by.'),
          })
          .describe('A launch of the replacement that never became Ready.'),
      )
      .max(MOST_FAILURES)
      .optional()
      .describe('Launches of the replacement that never became Ready, newest first.'),
    refusedAt: timestamp
      .optional()
      .describe('Since when EC2, or a term that resolves to nothing, refuses its launches.'),
    refusal: z
      .enum(namesOf(REFUSALS))
      .optional()
      .describe('How they are refused: for lack of capacity, for a quota, or for what a person must fix.'),
    left: z
      .object({
        className: text(253).describe('The class that gave it up, and whose slot it holds.'),
        number: z.int().min(1).describe('Launches from this number on are of the class that it is in now.'),
      })
      .optional()
      .describe('Where spec.className was edited meanwhile: the class that it left.'),
    servedAt: timestamp.optional().describe('When the Workspace served again. The replacement is over.'),
  })
  .describe('The last replacement for a change, until and after the Workspace serves again.');

export type Replacement = z.output<typeof replacement>;
