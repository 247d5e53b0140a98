import { z } from 'zod';
import { timestamp } from './meta.ts';
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
