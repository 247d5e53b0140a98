import { z } from 'zod';
import { text, timestamp } from '../base/meta.ts';
import { className } from './workspaceClass.ts';

export const room = z
  .object({
    number: z.int().min(0).describe('launch.number that this speaks for; with another one it says nothing.'),
    classes: z
      .array(
        z
          .object({
            className: className.describe('Name of the WorkspaceClass.'),
            from: z.int().min(0).describe('Number of the first launch that counts there.'),
          })
          .describe('A class that has, or had, room for it.'),
      )
      .max(16)
      .describe(
        'The class that the Workspace is in comes last; those before it are left, and it counts there too until the instances that they launched are proven gone.',
      ),
  })
  .describe(
    'Where the Workspace takes up room. After an edit of spec.className it stays in the class that launched it until the other one has room.',
  );

export const restarts = z
  .object({
    count: z
      .int()
      .min(1)
      .describe('How many restarts were carried out in a row, because a person asked for them.'),
    at: timestamp.describe('When the last of them was.'),
    next: timestamp
      .optional()
      .describe('When the restart that was asked for since is carried out; absent while none waits.'),
  })
  .describe(
    'Restarts that a person asked for. The first is carried out at once; each that follows waits longer than the one before.',
  );

export const turn = z
  .object({
    generation: z.int().min(0).describe('desired.generation that waits.'),
    since: timestamp.describe('When the wait began.'),
    place: z.int().min(1).optional().describe('Place in line at that time; 1 is next.'),
    of: z.int().min(1).optional().describe('How many were in line at that time, this one included.'),
    expectedAt: timestamp.optional().describe('When its turn comes, as estimated at that time.'),
    behind: text(512)
      .optional()
      .describe(
        'Namespace and name of the Workspace that must become Ready before: it tries the change first, or was given up and is refused.',
      ),
  })
  .describe(
    'The wait of a change for other Workspaces of the class, or of a launch for its turn at EC2, as it was when it began: a place that follows each step would be a write each.',
  );

export const contents = z
  .array(
    z
      .object({
        env: text(128).describe('Digest of an environment that this status names.'),
        sealed: text(160).describe('Its content, in a form that the operator alone can compare.'),
      })
      .describe('An environment.'),
  )
  .max(12)
  .describe(
    'Environments that this status names, so that one change of a Secret that many namespaces hold is tried by one first. Only the operator can see from it which Workspaces have the same.',
  );
