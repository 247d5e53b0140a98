import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { objectName } from '../../api/base/meta.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import { type Callers, doorkeeper } from '../access/callers.ts';
import { openText, sealText } from '../access/contentSeal.ts';
import type { KeyRing } from '../access/keys.ts';
import { GatewayError } from '../base/errors.ts';
import type { Board, Shown } from '../fleet/board.ts';
import { groupOf } from '../fleet/group.ts';
import { covers, placeAfter } from '../fleet/scope.ts';
import { createSight, OutOfQuestions, type Sight } from '../fleet/sight.ts';
import { createRequestLimit } from '../http/requestLimit.ts';
import { parse } from '../routes/format.ts';

/** Workspaces of a page, at most; about 300 bytes each. */
const LARGEST_PAGE = 500;
/** Questions about rights that one page may put to the API server. */
const QUESTIONS_A_PAGE = 64;
const MINUTE_MS = 60_000;
const MOST_GROUPS = 10_000;

/** The key that a page ended with, sealed: it can be that of a Workspace that the caller may not see. */
const continuation = z
  .string()
  .max(1_024)
  .regex(/^c1\.[A-Za-z0-9_-]+$/);
const PLACE = 'continue of a list';

export const listQuery = z.object({
  namespace: objectName.optional().describe('Only this namespace.'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(LARGEST_PAGE)
    .default(LARGEST_PAGE)
    .describe('Workspaces of a page, at most.'),
  continue: continuation.optional().describe('The `continue` of the page before.'),
});

export function listRoute(
  server: FastifyInstance,
  options: { board: Board; callers: Callers; keys: KeyRing; clock: Clock; questionsPerMinute: number },
): void {
  const { board, callers, keys, clock, questionsPerMinute } = options;
  const door = doorkeeper(callers);
  const questions = createRequestLimit({ clock, windowMs: MINUTE_MS, mostKeys: MOST_GROUPS });
  server.get('/v1/workspaces', { preParsing: door.identify }, async (request, reply) => {
    const { namespace = '', limit, continue: sealed } = parse(listQuery, request.query);
    const caller = door.callerOf(request);
    const place = [PLACE, caller.username];
    const after = sealed === undefined ? '' : openText(keys, place, sealed);
    if (after === undefined)
      throw new GatewayError('invalid_request', ['continue: no page of yours ended with it']);
    const group = groupOf(caller, request.ip);
    const ask = () => {
      const waitMs = questions.count(group, questionsPerMinute);
      if (waitMs === 0) return;
      reply.header('retry-after', String(Math.ceil(waitMs / 1_000)));
      throw new GatewayError('rate_limited');
    };
    const sight = createSight({ callers, caller, namespace, mostQuestions: QUESTIONS_A_PAGE, ask });
    const held = await board.open();
    try {
      const seal = (key: string) => sealText(keys, place, key);
      const text = await pageOf(held.shown, { namespace, limit, after, seal }, sight);
      return reply.header('cache-control', 'no-store').type('application/json; charset=utf-8').send(text);
    } finally {
      held.release();
    }
  });
}

/** A page as JSON: the views are there as text already. */
async function pageOf(
  shown: Shown,
  {
    namespace,
    limit,
    after,
    seal,
  }: { namespace: string; limit: number; after: string; seal(key: string): string },
  sight: Sight,
): Promise<string> {
  // Before the first view is taken: what changes from here on comes to a watch that goes on from there.
  const version = `${shown.epoch}-${shown.changes.latest()}`;
  const keys = shown.keys();
  const items: string[] = [];
  let last = after;
  let isWhole = true;
  const start = placeAfter(keys, after === '' && namespace !== '' ? `${namespace}/` : after);
  for (let place = start; place < keys.length; place += 1) {
    const key = keys[place] ?? '';
    if (!covers({ namespace, name: '' }, key)) break;
    isWhole = items.length < limit;
    const sees = isWhole && (await seesOrEnds(sight, key));
    if (!isWhole || sees === undefined) {
      isWhole = false;
      break;
    }
    last = key;
    const row = sees ? shown.row(key) : undefined;
    if (row !== undefined) items.push(row);
  }
  const more = isWhole ? '' : `,"continue":"${seal(last)}"`;
  return `{"items":[${items.join(',')}],"version":"${version}"${more}}`;
}

/** Undefined where no question is left. */
async function seesOrEnds(sight: Sight, key: string): Promise<boolean | undefined> {
  try {
    return await sight.sees(key);
  } catch (error) {
    if (error instanceof OutOfQuestions) return undefined;
    throw error;
  }
}
