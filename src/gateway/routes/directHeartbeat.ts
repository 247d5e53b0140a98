import { verifySession } from '../access/credentials.ts';
import { type Answer, LINES_TYPE, toLines } from '../base/lines.ts';
import { takeHeartbeat } from '../handlers/heartbeat.ts';
import type { Body, Direct, DirectTools } from '../http/direct.ts';
import { linesIn } from '../http/http.ts';
import type { GatewayParts } from '../http/parts.ts';
import { HEARTBEAT_ROUTE, readHeartbeat } from './heartbeat.ts';
import { plainHeartbeat } from './plainHeartbeat.ts';

/**
 * Answers what an agent sends every half minute without fastify: lines of a launch whose credential holds, within its limit, that
 * ask for lines. All other requests are fastify's, and what it answers to the same heartbeat is the same (directHeartbeat.test.ts).
 */
export function directHeartbeats(parts: GatewayParts) {
  return (tools: DirectTools): Direct => ({
    path: HEARTBEAT_ROUTE,
    type: LINES_TYPE,
    admit(credential) {
      const launch = verifySession(parts.keys, parts.clusterID, credential);
      return launch && tools.admit(launch) ? launch : undefined;
    },
    take(launch, body, exchange, arrivedAt) {
      const answer = (status: number, fields: readonly string[][], text: string): void => {
        if (exchange.answer(status, fields, text)) tools.answered('POST', HEARTBEAT_ROUTE, status, arrivedAt);
      };
      const fail = (error: unknown): void => {
        const failure = tools.fail(error, HEARTBEAT_ROUTE);
        answer(failure.status, Object.entries(failure.headers), failure.body);
      };
      try {
        const { said, ignored } = readBody(body);
        takeHeartbeat(parts, said, launch, (result, error) => {
          // What is thrown here would cost the others of its batch their answers.
          try {
            if (!result) fail(error);
            else answer(200, FIELDS, linesOf(ignored ? { ...result, ignored } : result));
          } catch (failure) {
            parts.logger.error({ err: failure, route: HEARTBEAT_ROUTE }, 'answer failed');
            exchange.socket.destroy();
          }
        });
      } catch (error) {
        fail(error);
      }
    },
  });
}

const FIELDS = Object.freeze([
  ['cache-control', 'no-store'],
  ['content-type', `${LINES_TYPE}; charset=utf-8`],
]);

/** Throws `invalid_request`. */
function readBody({ bytes, text, at }: Body) {
  const said = plainHeartbeat(text, at);
  if (said) return { said, ignored: undefined };
  const read = readHeartbeat(linesIn(bytes.toString('utf8', at)));
  return { said: read.said, ignored: read.ignored.length > 0 ? read.ignored : undefined };
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
