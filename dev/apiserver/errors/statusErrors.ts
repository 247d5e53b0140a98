import type { FieldCause, JsonObject, KindInfo } from '../values/kinds.ts';

/** What the server says instead of an answer: a metav1.Status, with the real server's codes, reasons and wording. */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject;
  /** Of the Status object, for the one error (an expired continue token) that carries something there. */
  readonly listMeta: JsonObject;

  constructor(
    code: number,
    reason: string,
    message: string,
    details: JsonObject = {},
    listMeta: JsonObject = {},
  ) {
    super(message);
    this.name = 'StatusError';
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.listMeta = listMeta;
  }

  body(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.listMeta,
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(Object.keys(this.details).length === 0 ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** `workspaces.compute.molecule.ai`, as messages name a resource. */
function qualified(info: KindInfo): string {
  return info.group === '' ? info.plural : `${info.plural}.${info.group}`;
}

function about(info: KindInfo, name: string, kind = info.plural): JsonObject {
  return { ...(name === '' ? {} : { name }), ...(info.group === '' ? {} : { group: info.group }), kind };
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function unauthorized(): StatusError {
  return new StatusError(401, 'Unauthorized', 'Unauthorized');
}

export function forbidden(info: KindInfo, name: string, why: string, causes: FieldCause[] = []): StatusError {
  const details = about(info, name);
  if (causes.length > 0) details.causes = causes.map((cause) => ({ ...cause }));
  return new StatusError(403, 'Forbidden', `${qualified(info)} "${name}" is forbidden: ${why}`, details);
}

export function notFound(info: KindInfo, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${qualified(info)} "${name}" not found`, about(info, name));
}

export function noSuchResource(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource');
}

export function methodNotAllowed(): StatusError {
  return new StatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  );
}

export function alreadyExists(info: KindInfo, name: string): StatusError {
  return new StatusError(
    409,
    'AlreadyExists',
    `${qualified(info)} "${name}" already exists`,
    about(info, name),
  );
}

export function conflict(info: KindInfo, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(info)} "${name}": ${why}`;
  return new StatusError(409, 'Conflict', message, about(info, name));
}

/**
 * Fields that an apply would change though others own them.
 * @param fields with the owner, by its id and in the words for people
 */
export function applyConflict(
  fields: readonly { id: string; manager: string; field: string }[],
): StatusError {
  const causes = fields.map(({ manager, field }) => {
    return { reason: 'FieldManagerConflict', message: `conflict with ${manager}`, field };
  });
  const [only, ...more] = fields;
  if (only !== undefined && more.length === 0) {
    const message = `Apply failed with 1 conflict: conflict with ${only.manager}: ${only.field}`;
    return new StatusError(409, 'Conflict', message, { causes });
  }
  const managers = new Map(fields.map(({ id, manager }) => [id, manager]));
  const lines = [...managers.keys()]
    .toSorted()
    .flatMap((id) => [
      `conflicts with ${managers.get(id)}:`,
      ...fields.filter((each) => each.id === id).map(({ field }) => `- ${field}`),
    ]);
  const message = `Apply failed with ${fields.length} conflicts: ${lines.join('\n')}`;
  return new StatusError(409, 'Conflict', message, { causes });
}

export const modifiedMeanwhile =
  'the object has been modified; please apply your changes to the latest version and try again';

/** HTTP 410: the history that the request builds on is gone. */
export function expired(message: string, continueToken?: string): StatusError {
  const listMeta: JsonObject = continueToken === undefined ? {} : { continue: continueToken };
  return new StatusError(410, 'Expired', message, {}, listMeta);
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new StatusError(415, 'UnsupportedMediaType', message);
}

export function invalid(info: KindInfo, name: string, causes: FieldCause[]): StatusError {
  return invalidBecause(info.kind, info.group, about(info, name, info.kind), name, causes);
}

/** Parameters of a request that don't go together. @param kind such as ListOptions */
export function invalidOptions(kind: string, causes: FieldCause[]): StatusError {
  const details = { group: 'meta.k8s.io', kind };
  return invalidBecause(kind, details.group, details, '', causes);
}

/** A question that can't be answered as it is put. The server names no kind for most of them. */
export function invalidReview(group: string, causes: FieldCause[], kind = ''): StatusError {
  return invalidBecause(kind, group, { group, ...(kind === '' ? {} : { kind }) }, '', causes);
}

function invalidBecause(
  kind: string,
  group: string,
  details: JsonObject,
  name: string,
  causes: FieldCause[],
): StatusError {
  const qualifiedKind = group === '' ? kind : `${kind}.${group}`;
  const each = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const all = each.length === 1 ? each[0] : `[${each.join(', ')}]`;
  return new StatusError(422, 'Invalid', `${qualifiedKind} "${name}" is invalid: ${all}`, {
    ...details,
    causes: causes.map((cause) => ({ ...cause })),
  });
}

/** A patch whose own content is at fault rather than the object's. */
export function invalidPatch(patch: string, why: string): StatusError {
  const message = `Invalid value: ${JSON.stringify(patch)}: ${why}`;
  const details = { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] };
  return new StatusError(422, 'Invalid', `"" is invalid: patch: ${message}`, details);
}

/** The server's answer to a resourceVersion that it hasn't reached. */
export function tooLargeResourceVersion(asked: string, current: number): StatusError {
  return new StatusError(504, 'Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

export function internalError(why: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${why}`, {
    causes: [{ message: why }],
  });
}
