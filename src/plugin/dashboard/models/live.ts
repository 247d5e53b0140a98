import type { SeenLaunch, SeenWorkspace } from '../../views/seen.ts';

/** A Workspace with what the page shows beyond the other subcommands; each field may be missing. */
export interface LiveWorkspace extends SeenWorkspace {
  metadata: SeenWorkspace['metadata'] & {
    uid?: string;
    resourceVersion?: string;
    creationTimestamp?: string;
    managedFields?: ManagedFields[];
  };
  status?: SeenWorkspace['status'] & {
    launch?: SeenLaunch & { submittedAt?: string; deadline?: string };
    turn?: {
      generation: number;
      since: string;
      place?: number;
      of?: number;
      expectedAt?: string;
      behind?: string;
    };
    restarts?: { count: number; at: string; next?: string };
  };
}

export interface ManagedFields {
  manager?: string;
  time?: string;
  subresource?: string;
  fieldsV1?: Record<string, unknown>;
}

/** An event of the core API. */
export interface LiveEvent {
  metadata: { name: string };
  involvedObject?: { name?: string; uid?: string };
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  series?: { count?: number; lastObservedTime?: string };
  eventTime?: string | null;
  firstTimestamp?: string | null;
  lastTimestamp?: string | null;
}

export function keyOf({ metadata }: { metadata: { namespace?: string; name: string } }): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}
