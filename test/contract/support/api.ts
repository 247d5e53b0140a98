import { isObject, metaOf, objectAt, objectsAt, stringAt } from '../../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import type { KubeRequest, Transport } from '../../../src/controller/client/transport.ts';
import { sleep, systemClock } from '../../../src/controller/lib/clock.ts';
import { followWatch, type WatchedFrames } from './watches.ts';

export interface CallOptions {
  query?: Record<string, string>;
  contentType?: string;
  accept?: string;
}

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: JsonObject;
}

/** What of a refusal somebody may rely on. */
export interface Refusal {
  /** The HTTP status, which is also the Status's code. */
  code: number;
  reason: string;
  /** `reason field` of each cause, sorted, each once. (The server may say the same twice.) */
  causes: string[];
}

export interface Api {
  call(method: KubeRequest['method'], path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  /** Rejects unless it succeeds. */
  ok(method: KubeRequest['method'], path: string, body?: unknown, options?: CallOptions): Promise<JsonObject>;
  /** Rejects if it succeeds. */
  refused(
    method: KubeRequest['method'],
    path: string,
    body?: unknown,
    options?: CallOptions,
  ): Promise<Refusal>;
  /** The same, with the messages of its causes. */
  refusedSaying(
    method: KubeRequest['method'],
    path: string,
    body?: unknown,
    options?: CallOptions,
  ): Promise<Refusal & { message: string; says: string[] }>;
  watch(path: string, query?: Record<string, string>, accept?: string): Promise<WatchedFrames>;
  /** Makes a namespace and answers with its name. */
  namespace(): Promise<string>;
  compact(): Promise<void>;
  /** The same server, with this token. */
  as(token: string): Api;
}

export const merge = { contentType: 'application/merge-patch+json' };
export const json = { contentType: 'application/json-patch+json' };
export const strategic = { contentType: 'application/strategic-merge-patch+json' };

/** A server-side apply. */
export function applyAs(fieldManager: string, query: Record<string, string> = {}): CallOptions {
  return { contentType: 'application/apply-patch+yaml', query: { fieldManager, ...query } };
}

interface ApiParts {
  transport: () => Transport;
  compact: () => Promise<void>;
  failures: () => unknown[];
  as: Api['as'];
}

function saying({ status, body }: Answer): Refusal & { message: string; says: string[] } {
  if (body.kind !== 'Status') throw new Error(`${status} without a Status: ${JSON.stringify(body)}`);
  if (body.code !== status) throw new Error(`the Status says ${body.code}, the answer ${status}`);
  const causes = objectsAt(objectAt(body, 'details'), 'causes');
  const named = causes.map((cause) => `${stringAt(cause, 'reason')} ${stringAt(cause, 'field')}`.trim());
  return {
    code: status,
    reason: stringAt(body, 'reason'),
    causes: [...new Set(named)].sort(),
    message: stringAt(body, 'message'),
    says: causes.map((cause) => stringAt(cause, 'message')),
  };
}

const READ_AGAIN_AFTER_MS = 100;
const LONGEST_READING_MS = 10_000;

/** After a definition changes, kube-apiserver reads the kind's objects into a new cache, and answers 429 meanwhile. */
function isReadingItsStorage({ status, body }: Answer): boolean {
  return status === 429 && stringAt(body, 'message') === 'storage is (re)initializing';
}

export function createApi({ transport, compact, failures, as }: ApiParts): Api {
  const callUntil = async (
    deadline: number,
    ...[method, path, body, options = {}]: Parameters<Api['call']>
  ): Promise<Answer> => {
    const { status, headers, body: answered } = await transport().request({ method, path, body, ...options });
    const [failure] = failures();
    if (failure !== undefined) throw new Error('the server failed', { cause: failure });
    const answer = {
      status,
      headers,
      body: isObject(answered as JsonObject) ? (answered as JsonObject) : {},
    };
    if (!isReadingItsStorage(answer) || systemClock.monotonic() > deadline) return answer;
    // As each client does: kube-apiserver carries nothing out with this answer.
    await sleep(systemClock, READ_AGAIN_AFTER_MS);
    return callUntil(deadline, method, path, body, options);
  };
  const call: Api['call'] = (...request) =>
    callUntil(systemClock.monotonic() + LONGEST_READING_MS, ...request);
  const ok: Api['ok'] = async (method, path, body, options) => {
    const answer = await call(method, path, body, options);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const refusedSaying: Api['refusedSaying'] = async (method, path, body, options) => {
    const answer = await call(method, path, body, options);
    if (answer.status < 400)
      throw new Error(`${method} ${path} was not refused: ${JSON.stringify(answer.body)}`);
    return saying(answer);
  };
  return {
    call,
    ok,
    refusedSaying,
    async refused(...request) {
      const { code, reason, causes } = await refusedSaying(...request);
      return { code, reason, causes };
    },
    watch: (path, query = {}, accept) =>
      followWatch(transport(), { method: 'GET', path, query: { watch: 'true', ...query }, accept }),
    async namespace() {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { generateName: 'contract-' } };
      return stringAt(metaOf(await ok('POST', '/api/v1/namespaces', body)), 'name');
    },
    compact,
    as,
  };
}

/**
 * The stamp of what a write made, which is the time of its making. A server reads its clock for each stamp, and a second may
 * turn between two of them: then they are a second apart.
 * @throws when they are further apart
 */
export function stampOfMaking(stamp: unknown, madeAt: unknown): string {
  const [its, own] = [stamp, madeAt].map((text) => Date.parse(String(text)));
  if (its === undefined || own === undefined || !(Math.abs(its - own) <= 1_000))
    throw new Error(`${String(stamp)} is not the time of ${String(madeAt)}`);
  return String(stamp);
}

/** The entry of managedFields by which the writer of a new object owns these fields. */
export function ownerOf(
  made: JsonObject,
  manager: string,
  operation: 'Apply' | 'Update',
  fieldsV1: JsonObject,
): JsonObject {
  const { creationTimestamp } = metaOf(made);
  const time = stampOfMaking(objectsAt(metaOf(made), 'managedFields')[0]?.time, creationTimestamp);
  const apiVersion = 'contract.example.com/v1';
  return { manager, operation, apiVersion, time, fieldsType: 'FieldsV1', fieldsV1 };
}

export function versionOf(object: JsonObject): string {
  return stringAt(metaOf(object), 'resourceVersion');
}

/** `Apply gitops`, `Update kubectl status` and so on → the fields that it owns, as FieldsV1. */
export function ownersOf(object: JsonObject): JsonObject {
  const entries = objectsAt(metaOf(object), 'managedFields').map((entry) => [
    [entry.operation, entry.manager, entry.subresource].filter(Boolean).join(' '),
    entry.fieldsV1 ?? null,
  ]);
  return Object.fromEntries(entries);
}

export function generationOf(object: JsonObject): unknown {
  return metaOf(object).generation;
}

export function namesOf(list: JsonObject): string[] {
  return objectsAt(list, 'items').map((item) => stringAt(metaOf(item), 'name'));
}
