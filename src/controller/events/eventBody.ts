import type { Resource } from '../client/client.ts';

export const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', namespaced: true };

/** The longest note that the API takes. */
const NOTE_LIMIT = 1024;

export interface ObjectReference {
  apiVersion: string;
  kind: string;
  /** Absent for what has no namespace; its events then live in `default`, as the API demands. */
  namespace?: string;
  name: string;
  uid: string;
  resourceVersion?: string;
}

export interface EventInput {
  regarding: ObjectReference;
  type: 'Normal' | 'Warning';
  /** UpperCamelCase, ≤ 128 characters: why. */
  reason: string;
  /** UpperCamelCase, ≤ 128 characters: the action that was done or failed. */
  action: string;
  /** For people; cut at 1,024 characters. */
  note: string;
}

/** An events.k8s.io/v1 Event. */
export function eventBody(
  input: EventInput,
  about: {
    namespace: string;
    name: string;
    /** MicroTime. */
    eventTime: string;
    series?: { count: number; lastObservedTime: string };
    reportingController: string;
    reportingInstance: string;
  },
) {
  const { namespace, name, ...rest } = about;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace, name },
    ...rest,
    action: input.action,
    reason: input.reason,
    regarding: input.regarding,
    note: input.note,
    type: input.type,
  };
}

export function cutNote(note: string): string {
  return note.length <= NOTE_LIMIT ? note : `${note.slice(0, NOTE_LIMIT - 1)}…`;
}
