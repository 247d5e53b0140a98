import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MonoReading } from '../../controller/lib/time.ts';
import type { LaunchKey } from '../store/heartbeatStore.ts';
import type { Failure } from './failures.ts';

/** Answers a request without fastify; false, and nothing done, for one that fastify has to answer. */
export type Direct = (request: IncomingMessage, response: ServerResponse) => boolean;

/** The server's limits, counters and errors, for such an answer. */
export interface DirectTools {
  /** Largest body, in bytes. */
  bodyLimit: number;
  /** Counts a request of this launch, whose credential holds; false beyond its limit. */
  admit(request: IncomingMessage, launch: LaunchKey): boolean;
  /** The answer to a failed request; counts and logs it. */
  fail(error: unknown, route: string): Failure;
  /** Counts an answer. */
  answered(method: string, route: string, status: number, arrivedAt: MonoReading): void;
}
