import { z } from 'zod';
import type { CallInfo } from './counters.ts';

/** Which calls a fault is for; a field that isn't given matches all. */
const match = z.strictObject({
  verbs: z.array(z.string()).optional(),
  /** Plural, with or without its group. */
  resources: z.array(z.string()).optional(),
  /** '' is the object itself. */
  subresources: z.array(z.string()).optional(),
  namespaces: z.array(z.string()).optional(),
  names: z.array(z.string()).optional(),
  /** Begins with. */
  userAgent: z.string().optional(),
});

const when = z.enum(['before', 'after']).default('before');

const effect = z.discriminatedUnion('kind', [
  /** Milliseconds before the call is processed, with up to jitterMs more. */
  z.strictObject({
    kind: z.literal('latency'),
    ms: z.number().min(0),
    jitterMs: z.number().min(0).default(0),
  }),
  /** An error status instead of the answer; `after` means that the call was processed all the same. */
  z.strictObject({
    kind: z.literal('error'),
    status: z.int().min(400).max(599),
    reason: z.string().optional(),
    message: z.string().optional(),
    retryAfterSeconds: z.int().min(0).optional(),
    when,
  }),
  /** The connection closes without an answer; `after` means that the call was processed. */
  z.strictObject({ kind: z.literal('disconnect'), when }),
  /** Watches deliver nothing while the fault is there, and everything held back once it is gone. */
  z.strictObject({ kind: z.literal('freezeWatch') }),
  /** Watches that meet it never deliver anything again, nor do they end: the connection is open and dead. */
  z.strictObject({ kind: z.literal('halfOpenWatch') }),
  /** Changes (not bookmarks) that watches never hear of. */
  z.strictObject({
    kind: z.literal('dropEvents'),
    types: z.array(z.enum(['ADDED', 'MODIFIED', 'DELETED'])).optional(),
  }),
  /** Lists and gets show the state of this revision; by default, of the moment the fault was added. */
  z.strictObject({ kind: z.literal('stale'), resourceVersion: z.int().min(1).optional() }),
]);

export const faultSchema = z.strictObject({
  match: match.default({}),
  effect,
  /** Chance in [0, 1] that a call or frame that matches is hit. */
  probability: z.number().min(0).max(1).default(1),
  /** How many it hits before it is used up; without limit when absent. Those that stay on a watch ignore it. */
  times: z.int().min(1).optional(),
});

export const matchSchema = match;
export type FaultMatch = z.infer<typeof match>;
export type FaultEffect = z.infer<typeof effect>;
export type Fault = z.infer<typeof faultSchema>;
/** As a caller writes one, defaults left out. */
export type FaultInput = z.input<typeof faultSchema>;

function among(list: readonly string[] | undefined, value: string): boolean {
  return list === undefined || list.includes(value);
}

export function matchesCall(wanted: FaultMatch, call: CallInfo): boolean {
  return (
    among(wanted.verbs, call.verb) &&
    (among(wanted.resources, call.resource) || among(wanted.resources, call.resource.split('.')[0] ?? '')) &&
    among(wanted.subresources, call.subresource) &&
    among(wanted.namespaces, call.namespace) &&
    among(wanted.names, call.name) &&
    call.userAgent.startsWith(wanted.userAgent ?? '')
  );
}
