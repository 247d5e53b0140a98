import type { ApiRequest } from '../../dev/apiserver/request/http.ts';
import { isObject, metaOf, objectAt, objectsAt, stringAt } from '../../dev/apiserver/values/json.ts';
import type { JsonObject, JsonValue } from '../../dev/apiserver/values/kinds.ts';

/** One request of a kubectl, and what the answer to it must be. */
export interface Exchange {
  /** The step that it was made in. */
  step: string;
  method: string;
  /** With its query. */
  path: string;
  accept: string;
  contentType?: string;
  /** Whom kubectl spoke for. */
  as?: string;
  /** Base64. */
  body?: string;
  status: number;
  answered: string;
  facts: JsonObject;
  /** What the answer was known by then, for kubectl to send back. */
  identity?: Identity;
}

interface Identity {
  uid?: string;
  resourceVersion?: string;
}

/** All that one kubectl sent while it went through the steps. */
export interface Recording {
  client: string;
  exchanges: Exchange[];
}

/** Documents are named by digests, which change with every schema, and a watch's end is drawn by lot. */
export function scrub(path: string): string {
  return path.replace(/hash=[0-9A-F]+/, 'hash=0').replace(/timeoutSeconds=\d+/, 'timeoutSeconds=300');
}

export function identityOf(body: JsonValue | undefined): Identity | undefined {
  if (!isObject(body)) return undefined;
  const identity: Identity = {};
  for (const key of ['uid', 'resourceVersion'] as const) {
    const value = stringAt(metaOf(body), key);
    if (value !== '') identity[key] = value;
  }
  return Object.keys(identity).length === 0 ? undefined : identity;
}

/** Puts the uids and resourceVersions of today into requests that name those of the recording. */
export function createTranslation() {
  const uids = new Map<string, string>();
  const versions = new Map<string, string>();
  const versionOf = (recorded: string) => versions.get(recorded) ?? recorded;
  const translate = (text: string) =>
    text
      .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, (uid) => uids.get(uid) ?? uid)
      .replace(
        /(resourceVersion=|"resourceVersion": ?"|"path":"\/metadata\/resourceVersion","value":")(\d+)/g,
        (_, key, version) => key + versionOf(version),
      );
  return {
    learn(then: Identity | undefined, now: Identity | undefined): void {
      if (then?.uid && now?.uid) uids.set(then.uid, now.uid);
      if (then?.resourceVersion && now?.resourceVersion)
        versions.set(then.resourceVersion, now.resourceVersion);
    },
    /** Protobuf bodies are left alone: kubectl creates with them, and names nothing that it has read. */
    apply(exchange: Exchange): Exchange {
      const path = translate(exchange.path);
      if (exchange.body === undefined || exchange.contentType?.includes('protobuf'))
        return { ...exchange, path };
      const body = translate(Buffer.from(exchange.body, 'base64').toString('utf8'));
      return { ...exchange, path, body: Buffer.from(body).toString('base64') };
    },
  };
}

export function toRequest({ method, path, accept, contentType, as, body }: Exchange): ApiRequest {
  const url = new URL(path, 'https://localhost');
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers: {
      accept,
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...(as === undefined ? {} : { 'impersonate-user': as }),
    },
    body: Buffer.from(body ?? '', 'base64'),
  };
}

/** What kubectl reads in an answer, without what differs from run to run: stamps, ages, and the schemas' own text. */
export function factsOf(body: JsonValue | undefined): JsonObject {
  if (!isObject(body)) return { text: body ?? null };
  const kind = stringAt(body, 'kind');
  if (kind === 'Table') return tableFacts(body);
  if (kind === 'Status') {
    const details = objectAt(body, 'details');
    const causes = objectsAt(details, 'causes').map((cause) => cause.field ?? null);
    return {
      kind,
      status: body.status ?? null,
      reason: body.reason ?? null,
      name: details.name ?? null,
      causes,
    };
  }
  if (kind === 'APIGroupDiscoveryList') return { kind, apiVersion: body.apiVersion ?? null };
  if (body.openapi !== undefined) return { openapi: body.openapi };
  if (Array.isArray(body.items)) return { kind, items: objectsAt(body, 'items').map(objectFacts) };
  return objectFacts(body);
}

function tableFacts(table: JsonObject): JsonObject {
  return {
    kind: 'Table',
    columns: objectsAt(table, 'columnDefinitions').map((column) => column.name ?? null),
    rows: objectsAt(table, 'rows').map((row) => metaOf(objectAt(row, 'object')).name ?? null),
  };
}

function objectFacts(object: JsonObject): JsonObject {
  const { kind = null, spec = null, data = null } = object;
  const {
    name = null,
    generation = null,
    labels = null,
    finalizers = null,
    deletionTimestamp,
  } = metaOf(object);
  const facts = {
    kind,
    name,
    generation,
    labels,
    finalizers,
    deleting: deletionTimestamp !== undefined,
    data,
  };
  if (kind === 'CustomResourceDefinition') return facts;
  // A review's status is its answer; those of other objects have stamps in them.
  return /Review$/.test(String(kind)) ? { kind, spec, status: object.status ?? null } : { ...facts, spec };
}
