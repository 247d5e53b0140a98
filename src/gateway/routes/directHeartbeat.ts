import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../controller/lib/clock.ts';
import { verifySession } from '../access/credentials.ts';
import { type Answer, LINES_TYPE, toLines } from '../base/lines.ts';
import { heartbeat } from '../handlers/heartbeat.ts';
import type { Direct, DirectTools } from '../http/direct.ts';
import { bearerIn, linesIn } from '../http/http.ts';
import type { GatewayParts } from '../http/parts.ts';
import { HEARTBEAT_ROUTE, readHeartbeat } from './heartbeat.ts';
import { plainHeartbeat } from './plainHeartbeat.ts';

/**
 * Answers what an agent sends every half minute without fastify, which takes as much CPU as all the rest of a heartbeat: lines of a
 * launch whose credential holds, within its limit, that ask for lines. All other requests are fastify's, and what it answers
 * to the same heartbeat is the same (directHeartbeat.test.ts).
 */
export function directHeartbeats(parts: GatewayParts, clock: Clock) {
  return (tools: DirectTools): Direct => {
    return (request, response) => {
      const { headers } = request;
      if (request.url !== HEARTBEAT_ROUTE || request.method !== 'POST') return false;
      if (headers['content-type'] !== LINES_TYPE || headers.accept !== LINES_TYPE) return false;
      const length = lengthOf(headers['content-length'], tools.bodyLimit);
      const session = bearerIn(headers.authorization);
      if (length === undefined || session === undefined) return false;
      const launch = verifySession(parts.keys, parts.clusterID, session);
      if (!launch || !tools.admit(request, launch)) return false;
      const arrivedAt = clock.monotonic();
      const answer = (status: number, headers: string[], text: string): void => {
        // Its sender is gone.
        if (response.destroyed) return;
        response.writeHead(status, [...headers, 'content-length', String(Buffer.byteLength(text))]);
        response.end(text);
        tools.answered('POST', HEARTBEAT_ROUTE, status, arrivedAt);
      };
      const fail = (error: unknown): void => {
        const { status, headers, body } = tools.fail(error, HEARTBEAT_ROUTE);
        answer(status, Object.entries(headers).flat(), body);
      };
      const take = (body: Buffer): Promise<void> => {
        const said = plainHeartbeat(body);
        const { said: read, ignored } = said
          ? { said, ignored: [] }
          : readHeartbeat(linesIn(body.toString()));
        return heartbeat(parts, read, launch).then((result) =>
          answer(200, HEADERS, linesOf(ignored.length > 0 ? { ...result, ignored } : result)),
        );
      };
      readBody(request, length, (body) => {
        // What is thrown in a listener would end the process.
        try {
          take(body).catch(fail);
        } catch (error) {
          fail(error);
        }
      });
      return true;
    };
  };
}

const HEADERS = ['cache-control', 'no-store', 'content-type', `${LINES_TYPE}; charset=utf-8`];

/** A body's length that its sender gives, in bytes; undefined where it is not given, or is not for us to read. */
function lengthOf(header: string | undefined, most: number): number | undefined {
  const length = header !== undefined && /^[1-9][0-9]{0,8}$/.test(header) ? Number(header) : 0;
  return length > 0 && length <= most ? length : undefined;
}

/** Node gives no more than the length that the headers say. One copy of it: chunks of a byte each would cost hundreds of times that. */
function readBody(request: IncomingMessage, length: number, whole: (body: Buffer) => void): void {
  let body: Buffer | undefined;
  let had = 0;
  request.on('data', (chunk: Buffer) => {
    if (chunk.length === length) return whole(chunk);
    body ??= Buffer.alloc(length);
    had += chunk.copy(body, had);
    if (had === length) whole(body);
  });
}

/** Most heartbeats are answered with the period alone: those texts, by period. */
const periods = new Map<number, string>();
const MOST_PERIODS = 100;

function linesOf(answer: Answer): string {
  const { periodSeconds } = answer;
  const isPlain = answer.ca === undefined && answer.restart === undefined && answer.ignored === undefined;
  if (!isPlain || typeof periodSeconds !== 'number') return toLines(answer);
  const known = periods.get(periodSeconds);
  if (known !== undefined) return known;
  const text = toLines(answer);
  if (periods.size < MOST_PERIODS) periods.set(periodSeconds, text);
  return text;
}
