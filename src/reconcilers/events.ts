import type { EventReason } from '../api/reasons/eventReasons.ts';
import type { EventInput } from '../controller/events/eventBody.ts';

/** An EventRecorder that takes documented reasons only. */
export interface Events {
  /** Never waits and never throws. */
  record(event: EventInput & { reason: EventReason }): void;
}
