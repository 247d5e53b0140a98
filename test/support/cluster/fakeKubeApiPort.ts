import type { KubeObject } from '../../../src/controller/client/client.ts';
import type { KubeRequest, Transport } from '../../../src/controller/client/transport.ts';

/** What becomes of the next request that matches. */
export type Fault =
  | { kind: 'answer'; status: number; body?: unknown; headers?: Record<string, string> }
  /** Not processed, and no answer. */
  | { kind: 'lose' }
  /** Processed, but the answer is lost. */
  | { kind: 'loseAnswer' }
  /** Processed now, answered later. */
  | { kind: 'delayAnswer'; ms: number };

export interface FakeKubeApi extends Transport {
  /** Writes behind everybody's back; returns the stored copy. */
  put(path: string, object: { metadata: Partial<KubeObject['metadata']> & { name: string } }): KubeObject;
  remove(path: string, name: string, namespace?: string): void;
  get(path: string, name: string, namespace?: string): KubeObject | undefined;
  /** Requests so far, as `GET /path`, watches as `WATCH /path`. */
  readonly log: string[];
  requests: KubeRequest[];
  fault(match: (request: KubeRequest) => boolean, ...faults: Fault[]): void;
  /** Versions up to now can't be resumed from. */
  compact(): void;
  /** Lists answer from this state on as it was when frozen, until thawed. */
  freezeLists(): () => void;
  /** Ends, breaks or silences the open watches. */
  endWatches(): void;
  breakWatches(): void;
  freezeWatches(): void;
  /** Sends a raw value to the open watches. */
  send(value: unknown): void;
  bookmark(): void;
  watches(): number;
  version(): string;
  /** Sets the state back, as a restored backup does. */
  restore(snapshot: Snapshot): void;
  snapshot(): Snapshot;
  /** The next change reaches no watch. */
  dropNextEvent(): void;
}

export interface Snapshot {
  objects: Map<string, Map<string, KubeObject>>;
  version: number;
}
