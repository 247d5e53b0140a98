import { z } from 'zod';
import { condition, listMap, text, timestamp } from '../base/meta.ts';

const count = z.int().min(0);

const rollout = z
  .object({
    startedAt: timestamp.describe('When the first of these replacements was due.'),
    total: count.describe('Workspaces that it has replaced, is replacing or has yet to replace.'),
    updated: count.describe('Of them, replaced and Ready.'),
    estimatedEndAt: timestamp
      .optional()
      .describe(
        'When it ends at its present pace; absent until the first is replaced, and while it is halted.',
      ),
    endedAt: timestamp.optional().describe('When nothing was left to replace.'),
  })
  .describe('The present roll-out of changes to running instances, or the last one.');

const groupIDs = z.array(text(64)).max(16);

const securityGroups = z
  .object({
    terms: z
      .array(
        z
          .object({
            term: text(32).describe('Digest of the term.'),
            ids: groupIDs.describe(
              'The groups as they were first found for it. An edit is judged by them, so that a tag edited in EC2 replaces nothing.',
            ),
            more: z.array(text(64)).max(32).optional().describe('Groups that it selected later.'),
          })
          .describe('A term of spec.securityGroups, as it is or was.'),
      )
      .max(64)
      .describe('What terms select.'),
    contents: z
      .array(
        z
          .object({
            content: text(64).describe('Digest of the class’s content.'),
            terms: z.array(text(32)).max(16).describe('Digests of the terms that it had.'),
          })
          .describe('What the class asked for at some time.'),
      )
      .max(32)
      .describe(
        'Which terms the class had, so that only those are judged that were edited since a launch; newest last.',
      ),
    now: groupIDs
      .optional()
      .describe(
        'The groups as they were last found, where these differ: the next launch of a Workspace has them.',
      ),
  })
  .describe('The security groups of the class’s terms.');

const halt = z
  .object({
    content: text(160).describe(
      'What is not rolled out any further: a digest, as content is compared by, or * for any change.',
    ),
    since: timestamp.describe('When it was halted.'),
    by: text(512)
      .optional()
      .describe('Namespace and name of a Workspace that failed with it; its own status says how.'),
    message: text(4096).describe('What failed, in the operator’s own words: nothing that an instance said.'),
  })
  .describe('Content that is not rolled out any further.');

export const workspaceClassStatus = z
  .object({
    observedGeneration: z
      .int()
      .min(-1)
      .default(-1)
      .describe('metadata.generation that the status was computed from; −1 before the first time.'),
    conditions: z
      .array(condition)
      .max(16)
      .optional()
      .meta(listMap('type'))
      .describe('Conditions of the class; Ready is the summary.'),
    counts: z
      .object({
        total: count.describe('Workspaces of the class.'),
        current: count.describe('Of them, Ready and up to date, or stopped as they should be.'),
        updating: count.describe('Of them, being launched or replaced, or waiting for it.'),
        failing: count.describe('Of them, not Ready, or kept from an update, for another reason.'),
      })
      .optional()
      .describe('How many Workspaces are in which state.'),
    resolvedImages: z
      .array(
        z
          .object({
            architecture: text(16).describe('CPU architecture.'),
            id: text(64).describe('AMI id.'),
          })
          .describe('An image as it resolved.'),
      )
      .max(4)
      .optional()
      .meta(listMap('architecture'))
      .describe(
        'The images as they last resolved; with imageUpdatePolicy Automatic, those that instances should have.',
      ),
    securityGroups: securityGroups.optional(),
    rollout: rollout.optional(),
    halted: z
      .array(halt)
      .max(8)
      .optional()
      .meta(listMap('content'))
      .describe(
        'What is not rolled out any further, as it failed again and again: until it is changed, or resumed by spec.requests.resume.',
      ),
    handled: z
      .object({
        resume: text(128).optional().describe('The request to resume that was last answered.'),
        resumedAt: timestamp.optional().describe('When that was; failures before it halt nothing any more.'),
      })
      .optional()
      .describe('Requests that were answered.'),
    operator: text(63)
      .optional()
      .describe(
        'Namespace of the operator that writes this status, where it serves only some namespaces: another one leaves the class to it. The label compute.molecule.ai/operator on the class names another.',
      ),
  })
  .describe('What the operator last saw of the class; written by the operator alone.');

export type WorkspaceClassStatus = z.output<typeof workspaceClassStatus>;
