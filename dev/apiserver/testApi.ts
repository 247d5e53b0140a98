import { createHash } from 'node:crypto';
import type { Random } from '../../src/controller/lib/random.ts';
import { createVirtualClock } from '../../test/support/base/virtualClock.ts';
import { type ApiServerOptions, createApiServer } from './apiServer.ts';
import type { ApiResponse } from './request/http.ts';
import type { WatchFrame } from './request/watchStream.ts';
import { metaOf } from './values/json.ts';
import type { JsonObject } from './values/kinds.ts';

/** The same sequence each time: a hash over a counter. */
export function seededRandom(seed: string): Random {
  let counter = 0;
  const block = (): Buffer => createHash('sha256').update(`${seed}/${counter++}`).digest();
  return {
    next: () => block().readUIntBE(0, 6) / 2 ** 48,
    bytes: (length) =>
      Buffer.concat(Array.from({ length: Math.ceil(length / 32) }, block)).subarray(0, length),
  };
}

export interface CallOptions {
  query?: Record<string, string>;
  contentType?: string;
  accept?: string;
  userAgent?: string;
}

/** A watch as a test reads it: what has come so far, and whether it has ended. */
export interface TestWatch {
  frames: WatchFrame[];
  /** "ADDED a", "BOOKMARK", … in the order they came. */
  seen(): string[];
  ended: boolean;
  error: unknown;
  close(): void;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: JsonObject;
}

/** An API server on virtual time, with a caller's view of it. */
export function createTestApi(options: Partial<ApiServerOptions> = {}) {
  const clock = createVirtualClock();
  const errors: unknown[] = [];
  const api = createApiServer({
    clock,
    random: seededRandom('api'),
    report: (error) => errors.push(error),
    ...options,
  });
  const send = (method: string, path: string, body?: unknown, call: CallOptions = {}): Promise<ApiResponse> =>
    api.handler({
      method,
      path,
      query: new URLSearchParams(call.query),
      headers: {
        accept: call.accept ?? 'application/json',
        'content-type': call.contentType ?? 'application/json',
        'user-agent': call.userAgent ?? 'test/1',
      },
      body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    });
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<Answer> => {
    const response = await send(method, path, body, options);
    if (errors.length > 0) throw errors[0];
    return { status: response.status, headers: response.headers, body: (response.body ?? {}) as JsonObject };
  };
  /** Fails unless the status is a success. */
  const ok = async (method: string, path: string, body?: unknown, options: CallOptions = {}) => {
    const answer = await call(method, path, body, options);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const watch = async (
    path: string,
    query: Record<string, string> = {},
    accept = 'application/json',
  ): Promise<TestWatch> => {
    const response = await send('GET', path, undefined, { query: { watch: 'true', ...query }, accept });
    const { watch } = response;
    if (watch === undefined) throw new Error(`no watch: ${JSON.stringify(response.body)}`);
    const result: TestWatch = {
      frames: [],
      seen: () => result.frames.map(({ type, object }) => `${type} ${metaOf(object).name ?? ''}`.trim()),
      ended: false,
      error: undefined,
      close: watch.close,
    };
    const read = async (): Promise<void> => {
      try {
        for await (const frame of watch.frames) result.frames.push(frame);
      } catch (error) {
        result.error = error;
      }
      result.ended = true;
    };
    void read();
    await clock.settle();
    return result;
  };
  return { ...api, clock, call, ok, watch };
}

export type TestApi = ReturnType<typeof createTestApi>;

export const mergePatch = { contentType: 'application/merge-patch+json' };
export const jsonPatch = { contentType: 'application/json-patch+json' };
export const strategicPatch = { contentType: 'application/strategic-merge-patch+json' };

export const crdsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
export const widgetsPath = '/apis/example.com/v1/namespaces/default/widgets';
export const configMapsPath = '/api/v1/namespaces/default/configmaps';

/** A kind with status subresource, a default, bounds and CEL. */
export const widgetCrd: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['size'],
                properties: {
                  size: { type: 'integer', minimum: 1 },
                  color: { type: 'string', default: 'red' },
                },
                'x-kubernetes-validations': [
                  { rule: 'self.size >= oldSelf.size', message: 'size never shrinks' },
                ],
              },
              status: {
                type: 'object',
                default: { observedGeneration: -1 },
                properties: { observedGeneration: { type: 'integer' }, note: { type: 'string' } },
              },
            },
          },
        },
      },
    ],
  },
};

export function widget(name: string, rest: JsonObject = {}): JsonObject {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec: { size: 1 }, ...rest };
}

export function configMap(name: string, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data: { a: '1' } };
}

/** Makes one and writes its status once, so that it is stored as it is shown. */
export async function settledWidget(api: TestApi, name: string): Promise<JsonObject> {
  await api.ok('POST', widgetsPath, widget(name));
  return api.ok('PATCH', `${widgetsPath}/${name}/status`, { status: { note: 'n' } }, mergePatch);
}

export async function createWidgetApi(options: Partial<ApiServerOptions> = {}): Promise<TestApi> {
  const api = createTestApi(options);
  await api.ok('POST', crdsPath, widgetCrd);
  return api;
}
