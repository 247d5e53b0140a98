import { z } from 'zod';
import { namesOf } from '../../api/base/table.ts';
import { READY_REASONS } from '../../api/reasons/reasons.ts';
import { AVAILABILITY_REASONS } from '../heartbeats/availability.ts';

/** What callers get. The types, the OpenAPI document and the tests of each answer come from these; fields may be added later. */

const ownReasons = namesOf(AVAILABILITY_REASONS).flatMap((word) => AVAILABILITY_REASONS[word]);
const REASONS = [...new Set([...ownReasons, ...namesOf(READY_REASONS)])];

const namespace = z.string().describe('Namespace of the Workspace.');
const name = z.string().describe('Name of the Workspace.');
const uid = z.string().describe('metadata.uid: a Workspace that was deleted and made again has another.');

export const workspaceView = z
  .object({
    namespace,
    name,
    uid,
    availability: z
      .enum(namesOf(AVAILABILITY_REASONS))
      .describe(
        'Whether it makes sense to talk to the agent. Ready: yes. Restarting: not now, it is being brought up. Unknown: it can’t be judged, so it is not dead. Dead: not there, and not coming back without a person.',
      ),
    reason: z
      .enum(REASONS)
      .meta({ isOpen: true })
      .describe('Why, in one word. A later release may add words.'),
    instance: z
      .object({
        id: z.string().describe('Instance id.'),
        state: z.string().describe('The state in EC2’s own word, such as pending, or Unknown.'),
      })
      .optional()
      .describe('The instance of the present launch as EC2 last showed it.'),
    launch: z
      .object({
        number: z.int().min(0).describe('It grows by one with each launch.'),
        phase: z.string().describe('Waiting, Submitted, Stopped or Closed.'),
      })
      .optional()
      .describe('The present launch.'),
    url: z.string().optional().describe('The URL at which the agent serves, as it reports it.'),
    urlWithheld: z.string().optional().describe('Why the gateway does not pass the agent’s URL on.'),
  })
  .describe('One Workspace: EC2’s own state beside the judgement.')
  .meta({ id: 'Workspace' });

export type WorkspaceView = z.infer<typeof workspaceView>;

/** Where a list or a watch stands: the process that counts, and its count. */
const version = z
  .string()
  .regex(/^[0-9a-f]{16}-[0-9]{1,15}$/)
  .describe('Where it stands. Send it as Last-Event-ID to a watch, which goes on from there.');

export const workspaceList = z
  .object({
    items: z.array(workspaceView).describe('By namespace and name.'),
    version,
    continue: z
      .string()
      .optional()
      .describe(
        'Present while there is more: ask again with it. A page may be short, or empty, and not the last.',
      ),
  })
  .describe('A page of the Workspaces that the caller may get.')
  .meta({ id: 'WorkspaceList' });

export const workspaceGone = z
  .object({ namespace, name, uid })
  .describe('A Workspace that is no more.')
  .meta({ id: 'WorkspaceGone' });

export const errorAnswer = z
  .object({
    code: z.string().describe('Stable; programs match on it.'),
    message: z.string().describe('For people.'),
    details: z.array(z.string()).optional().describe('Fields, and what is wrong with each.'),
  })
  .describe('The answer to a request that failed.')
  .meta({ id: 'Error' });

/** Events of a watch, with what their data is. */
export const WATCH_EVENTS = {
  reset: 'The watch begins from nothing: forget what you hold. Data: `{}`.',
  workspace: 'A Workspace as it is now. Data: a Workspace.',
  gone: 'A Workspace is no more. Data: a WorkspaceGone.',
  synced: 'All that there was has come; changes follow. Data: `{}`.',
  end: 'The gateway ends the watch: connect again. Data: `{"reason": …}`.',
} as const satisfies Readonly<Record<string, string>>;

export type WatchEvent = keyof typeof WATCH_EVENTS;
