import type { Socket } from 'node:net';
import type { MonoReading } from '../../controller/lib/time.ts';
import type { ProvenLaunch } from '../access/credentials.ts';
import type { Failure } from './failures.ts';

/** A request that is answered without fastify, and waits for its answer. */
export interface Exchange {
  socket: Socket;
  /** Each of `fields` has a name and a value. False where the sender is gone. */
  answer(status: number, fields: readonly string[][], body: string): boolean;
}

/** A whole body. */
export interface Body {
  bytes: Buffer;
  /** The bytes, one character each (latin1). */
  text: string;
  /** Where it begins in both. */
  at: number;
}

/** Requests that are answered without fastify. */
export interface Direct {
  path: string;
  /** Of the body, and of the answer that is asked for. */
  type: string;
  /** Counts a request of the launch that shows this credential. undefined, where it does not hold or has reached its limit: fastify answers. */
  admit(credential: string): ProvenLaunch | undefined;
  /** Answers it, now or later. */
  take(launch: ProvenLaunch, body: Body, exchange: Exchange, arrivedAt: MonoReading): void;
}

/** The server's limits, counters and errors, for such an answer. */
export interface DirectTools {
  /** Counts a request of this launch; false beyond its limit. */
  admit(launch: ProvenLaunch): boolean;
  /** The answer to a failed request; counts and logs it. */
  fail(error: unknown, route: string): Failure;
  /** Counts an answer. */
  answered(method: string, route: string, status: number, arrivedAt: MonoReading): void;
}
