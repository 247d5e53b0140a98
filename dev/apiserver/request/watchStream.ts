import type { JsonObject } from '../values/kinds.ts';

export interface WatchFrame {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: JsonObject;
}

/** Stands between a watch and its connection; a fault holds frames back or loses them. */
export interface WatchGate {
  offer(frame: WatchFrame, deliver: (frame: WatchFrame) => void): void;
  /** Whether the server may end the watch now: a dead connection doesn't carry its end either. */
  mayEnd(): boolean;
  closed(): void;
}

export interface Watch {
  frames: AsyncIterable<WatchFrame>;
  close(): void;
  /** Ends it as a reset connection would. */
  abort(error: Error): void;
}
