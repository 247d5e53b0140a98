import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { objectName } from '../../api/base/meta.ts';
import { own } from '../../api/base/own.ts';
import { namesOf } from '../../api/base/table.ts';
import { ERRORS, type ErrorCode } from '../base/errors.ts';
import {
  errorAnswer,
  WATCH_EVENTS,
  workspaceGone,
  workspaceList,
  workspaceView,
} from '../views/workspaceView.ts';
import { listQuery } from './list.ts';
import { watchQuery } from './watch.ts';

const NAMESPACE = 'Namespace of the Workspace.';
const NAME = 'Name of the Workspace.';
const reportBody = z.object({
  namespace: objectName.describe(NAMESPACE),
  name: objectName.describe(NAME),
});
const accepted = z.object({ accepted: z.literal(true) });

const COMMON = ['invalid_request', 'caller_unknown', 'forbidden', 'rate_limited'] as const;

/** What callers other than instances may ask, as OpenAPI 3.1: from the schemas that the answers are typed and tested with. */
export function openAPI(): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Workspace gateway: callers',
      version: 'v1',
      description:
        'For pollers, proxies and reporters; docs/callers.md shows how. Fields and reasons may be added; nothing is renamed or removed within v1.',
    },
    security: [{ bearer: [] }],
    paths: {
      '/v1/workspaces/{namespace}/{name}': {
        get: {
          operationId: 'getWorkspace',
          summary: 'One Workspace: is it there, and if not, is it coming back?',
          parameters: [inPath('namespace', NAMESPACE), inPath('name', NAME)],
          responses: {
            200: {
              description: 'The Workspace.',
              headers: {
                'Retry-After': retryAfter('While it is Restarting: when to ask again, in seconds.'),
              },
              ...json('Workspace'),
            },
            ...failures([...COMMON, 'not_found', 'callers_unavailable']),
          },
        },
      },
      '/v1/workspaces': {
        get: {
          operationId: 'listWorkspaces',
          summary: 'The Workspaces that the caller may get, by namespace and name, in pages.',
          description:
            'Without a namespace, those of each namespace of which the caller may get all. With one, also those that it may get by name. A page puts at most 64 questions about rights, and is short where they are used up.',
          parameters: inQuery(listQuery),
          responses: {
            200: { description: 'A page.', ...json('WorkspaceList') },
            ...failures([...COMMON, 'callers_unavailable']),
          },
        },
      },
      '/v1/watch/workspaces': {
        get: {
          operationId: 'watchWorkspaces',
          summary: 'Every change, as Server-Sent Events.',
          description: `The caller must be allowed to get all that it watches: every Workspace, those of a namespace, or the one. Events: ${namesOf(
            WATCH_EVENTS,
          )
            .map((event) => `\`${event}\`: ${WATCH_EVENTS[event]}`)
            .join(' ')}`,
          parameters: [
            ...inQuery(watchQuery),
            {
              name: 'Last-Event-ID',
              in: 'header',
              schema: { type: 'string' },
              description:
                'The id of the last event, or the version of a list: the watch goes on from there, or begins with `reset` where it can’t.',
            },
          ],
          responses: {
            200: {
              description: 'The events, until either side ends them.',
              content: { 'text/event-stream': { schema: { type: 'string' } } },
            },
            ...failures([...COMMON, 'too_many_watches', 'callers_unavailable', 'overloaded']),
          },
        },
      },
      '/v1/reports': {
        post: {
          operationId: 'reportWorkspace',
          summary: '“It looks dead to me”: the controller looks at once. It can restart nothing.',
          requestBody: {
            required: true,
            content: { 'application/json': { schema: plain(reportBody) } },
          },
          responses: {
            202: {
              description: 'Taken.',
              content: { 'application/json': { schema: plain(accepted) } },
            },
            ...failures([...COMMON, 'callers_unavailable']),
          },
        },
      },
    },
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            'A token that the API server knows, such as a ServiceAccount’s, for the audience workspace-gateway.',
        },
      },
      schemas: {
        Workspace: component('Workspace', workspaceView),
        WorkspaceList: component('WorkspaceList', workspaceList),
        WorkspaceGone: component('WorkspaceGone', workspaceGone),
        Error: component('Error', errorAnswer),
      },
    },
  };
}

export function openAPIRoute(server: FastifyInstance): void {
  const text = JSON.stringify(openAPI());
  server.get('/v1/openapi.json', (_request, reply) =>
    reply.header('cache-control', 'no-cache').type('application/json; charset=utf-8').send(text),
  );
}

/** Open: a client of this release reads the answers of a later one, which may have more fields. */
function plain(schema: z.ZodType): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (!jsonSchema.isOpen) return;
      jsonSchema.examples = jsonSchema.enum;
      delete jsonSchema.enum;
      delete jsonSchema.isOpen;
    },
  });
  return rest;
}

/** zod names a schema with an id by a reference, even where it is the whole. */
function component(name: string, schema: z.ZodType): Record<string, unknown> {
  const { $defs = {}, ...whole } = plain(schema) as { $defs?: Record<string, object> };
  const { id, ...rest } = { id: name, ...(own($defs, name) ?? whole) };
  return JSON.parse(JSON.stringify(rest).replaceAll('#/$defs/', '#/components/schemas/'));
}

function json(name: string): object {
  return { content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } } };
}

function retryAfter(description: string): object {
  return { description, schema: { type: 'integer', minimum: 0 } };
}

function inPath(name: string, description: string): object {
  return { name, in: 'path', required: true, description, schema: plain(objectName) };
}

function inQuery(query: z.ZodObject): object[] {
  return Object.entries(query.shape).map(([name, schema]) => {
    const { description, ...rest } = plain(schema as z.ZodType);
    return { name, in: 'query', required: false, description, schema: rest };
  });
}

/** One answer for each status, with the codes that it may have. */
function failures(codes: readonly ErrorCode[]): Record<string, object> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) byStatus.set(ERRORS[code][0], [...(byStatus.get(ERRORS[code][0]) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, all]) => [
      String(status),
      {
        description: all.map((code) => `${code}: ${ERRORS[code][1]}`).join(' '),
        ...([429, 503].includes(status) && {
          headers: { 'Retry-After': retryAfter('When to come again, in seconds.') },
        }),
        ...json('Error'),
      },
    ]),
  );
}
