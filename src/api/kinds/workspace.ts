import { z } from 'zod';
import {
  type API_VERSION,
  cel,
  condition,
  listMap,
  type ObjectMeta,
  objectName,
  text,
  timestamp,
} from '../base/meta.ts';
import { namesOf } from '../base/table.ts';
import { OUTCOMES } from '../reasons/causes.ts';
import { REFUSALS } from '../reasons/refusals.ts';
import { cause, causeKind } from './causeParts.ts';
import { instanceTypeName } from './classParts.ts';
import { foundParams, launchParams } from './launchParams.ts';
import { fallback, refusals } from './refused.ts';
import { replacement } from './replacement.ts';
import { contents, restarts, room, turn } from './statusParts.ts';
import { className } from './workspaceClass.ts';

export type { CauseKind, Outcome } from '../reasons/causes.ts';
export type { LaunchParams } from './launchParams.ts';

/** The largest number of a launch: as many digits as a tag's number is read with. One that is larger would not be found again. */
export const LARGEST_NUMBER = 999_999_999;

/** Names that a POSIX shell can hold as variables. */
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const workspaceSpec = z
  .object({
    className: className.describe('Name of the WorkspaceClass.'),
    envFrom: z
      .array(
        z
          .object({
            secretRef: z
              .object({
                name: objectName.describe('Name of a Secret in the same namespace.'),
                optional: z
                  .boolean()
                  .optional()
                  .describe('Whether the Secret may be missing; it may not unless true.'),
              })
              .describe('The Secret.'),
          })
          .describe('A Secret, each key of which becomes an environment variable.'),
      )
      .max(32)
      .default([])
      .describe('Secrets for the agent’s environment, in order: a later one wins over an earlier one.'),
    env: z
      .array(
        z
          .object({
            name: text(256).min(1).regex(ENV_NAME).describe('Name of the variable.'),
            value: text(32768).default('').describe('Its value, as it is: no $(…) expansion.'),
          })
          .describe('An environment variable.'),
      )
      .max(128)
      .default([])
      .meta({
        ...listMap('name'),
        ...cel({
          rule: 'self.map(e, size(e.name) + size(e.value)).sum() <= 131072',
          message:
            'env: names and values have more than 131072 characters together; put what is large into a Secret or onto the image',
        }),
      })
      .describe(
        'Plain environment variables; they win over envFrom. Not for secrets. At most 131072 characters in all.',
      ),
    operatingMode: z
      .enum(['Running', 'Stopped'])
      .default('Running')
      .describe(
        'Whether the instance should run. Stopped stops it, or ends it where the class says so or it is Spot; its disk stays with a stopped one.',
      ),
    instanceType: instanceTypeName
      .optional()
      .describe('One of the class’s instance types; without it the class’s order of preference decides.'),
    paused: z
      .boolean()
      .default(false)
      .describe(
        'Observe and report, but change nothing. Deletion goes on, and so does finding out whether a launch whose answer was lost created an instance.',
      ),
    requests: z
      .object({
        restart: text(128)
          .optional()
          .describe(
            'Each new non-empty value asks for one restart on a new instance; removing it asks for nothing. A value present at creation counts as answered. One that comes while the new instance boots is answered by that; after the first restart in a row each waits longer than the one before.',
          ),
      })
      .default({})
      .describe('Things a person asks for once.'),
  })
  .describe('What the Workspace should be.');

const instanceState = text(32).describe(
  'The state in EC2’s own word (pending, running, shutting-down, terminated, stopping, stopped), or Unknown when EC2 does not show the instance.',
);

export type Cause = z.infer<typeof cause>;

/** How a launch that is over came to its end. Superseded and Deleted are the operator's own doing; Interrupted: EC2 took a Spot instance back. */
const outcome = z.enum(OUTCOMES);

export const launch = z
  .object({
    number: z
      .int()
      .min(0)
      .max(LARGEST_NUMBER)
      .describe('Number of the launch; 0 before the first. It only grows.'),
    generation: z.int().min(0).describe('desired.generation that the launch carries out.'),
    cause: cause.optional(),
    phase: z
      .enum(['Waiting', 'Submitted', 'Stopped', 'Closed'])
      .describe(
        'Waiting: decided, its predecessor is not proven gone. Submitted: RunInstances may be under way or done. Stopped: its instance is stopped on purpose. Closed: never sent, never will be.',
      ),
    openedAt: timestamp.optional().describe('When the launch was decided.'),
    submittedAt: timestamp
      .optional()
      .describe('When the launch was armed: from then on RunInstances may be called.'),
    deadline: timestamp.optional().describe('When the first heartbeat must have come.'),
    after: z
      .object({ boot: z.int().min(0).describe('Boot counter of the newest heartbeat known then.') })
      .optional()
      .describe(
        'Set with each start of the stopped instance: only a heartbeat of a later boot says that it lives, or what it holds.',
      ),
    readyAt: timestamp.optional().describe('When its first heartbeat was seen.'),
    machine: text(128).optional().describe('The desired.machine that the launch carries out.'),
    params: launchParams.optional(),
    found: foundParams.optional(),
    fallback: fallback.optional(),
    instanceID: text(64).optional().describe('Id of its instance.'),
    failures: z
      .int()
      .min(0)
      .default(0)
      .describe('How many launches in a row ended unexpectedly before this one; repair backs off by it.'),
    ended: z
      .object({
        outcome: outcome.describe('How it ended.'),
        at: timestamp.describe('When that was seen.'),
        refusal: z.enum(namesOf(REFUSALS)).optional().describe('For Refused: what kind of refusal it was.'),
        message: text(1024).optional().describe('What EC2 said.'),
      })
      .optional()
      .describe('Set once the launch ended other than by the operator’s decision.'),
    sender: text(64).optional().describe('The process that last took charge of sending this launch.'),
  })
  .describe('The one launch that may live.');
export type Launch = z.output<typeof launch>;

export const workspaceStatus = z
  .object({
    observedGeneration: z
      .int()
      .min(-1)
      .default(-1)
      .describe('metadata.generation that the status was computed from; −1 before the first time.'),
    uid: text(64)
      .optional()
      .describe(
        'metadata.uid of the Workspace that the status was written for. One that came with another object, as from a backup, is not believed.',
      ),
    desired: z
      .object({
        generation: z.int().min(0).describe('Grows by one with each change that counts.'),
        env: text(128).describe('Digest of the environment, with the id of its key.'),
        machine: text(128).describe('Digest of the specs that the machine comes from.'),
        cause: causeKind.describe('What the generation came from.'),
        changed: z.array(text(512)).max(32).optional().describe('Names of what changed, never values.'),
        at: timestamp.describe('When the change counted.'),
      })
      .optional()
      .describe('What the instance should be, as digests.'),
    deferred: z
      .object({
        generation: z.int().min(0).describe('desired.generation that waits.'),
        until: timestamp.describe('When it is carried out at the latest.'),
      })
      .optional()
      .describe('The change that waits because the launch is too young or still starts.'),
    turn: turn.optional(),
    room: room.optional(),
    refusals: refusals.optional(),
    handled: z
      .object({
        restart: text(128).optional().describe('The restart request that was last answered.'),
      })
      .optional()
      .describe('Requests that were answered.'),
    restarts: restarts.optional(),
    launch: launch.optional(),
    replacement: replacement.optional(),
    contents: contents.optional(),
    terminating: z
      .array(
        z
          .object({
            number: z.int().min(1).max(LARGEST_NUMBER).describe('Number of the launch.'),
            instanceID: text(64).describe('Id of its instance.'),
          })
          .describe('A superseded launch.'),
      )
      .max(16)
      .optional()
      .describe('Superseded launches whose instances are not proven gone.'),
    instance: z
      .object({
        id: text(64).describe('Instance id.'),
        state: instanceState,
        type: text(64).optional().describe('Instance type.'),
        zone: text(64).optional().describe('Availability zone.'),
        privateIP: text(64).optional().describe('Private IPv4 address.'),
        env: text(128).optional().describe('Digest of the environment that the instance holds.'),
      })
      .optional()
      .describe('The instance of the present launch as EC2 last showed it.'),
    provisions: z
      .int()
      .min(0)
      .default(0)
      .describe('How many instances were ever provisioned for this Workspace.'),
    conditions: z
      .array(condition)
      .max(16)
      .optional()
      .meta(listMap('type'))
      .describe('Conditions of the Workspace; Ready is the summary.'),
    history: z
      .array(
        z
          .object({
            number: z.int().min(1).max(LARGEST_NUMBER).describe('Number of the launch.'),
            generation: z.int().min(0).describe('desired.generation that it carried out.'),
            cause: cause,
            outcome: outcome.describe('How it ended.'),
            instanceID: text(64).optional().describe('Id of its instance, if it had one.'),
            endedAt: timestamp.describe('When the end was seen.'),
            readyAt: timestamp
              .optional()
              .describe('When its first heartbeat was seen; absent when none ever came.'),
            message: text(1024)
              .optional()
              .describe('What EC2 said of the end, or how the console ended; no secrets.'),
          })
          .describe('A launch that is over.'),
      )
      .max(5)
      .optional()
      .describe('The last launches that are over, newest first.'),
    mac: text(128)
      .optional()
      .describe(
        'Message authentication code of the operator over uid and the rest of the status. Others of the class are judged by the last status that carries a valid one.',
      ),
  })
  .describe('What the operator last saw and decided; written by the operator alone.');

export type WorkspaceSpec = z.output<typeof workspaceSpec>;
export type WorkspaceStatus = z.output<typeof workspaceStatus>;

export interface Workspace {
  apiVersion: typeof API_VERSION;
  kind: 'Workspace';
  metadata: ObjectMeta & { namespace: string };
  spec: WorkspaceSpec;
  status?: WorkspaceStatus;
}
