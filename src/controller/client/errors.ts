/** No answer came, so the request may or may not have been processed. The message names method and path, never a body. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** TIMEOUT, ABORTED, BAD_BODY (the answer was not JSON), NO_CREDENTIALS (nothing was sent), or the socket's code, e.g. ECONNRESET. */
  readonly code: string;
  readonly method: string;
  readonly path: string;

  constructor(code: string, method: string, path: string, detail: string, options?: ErrorOptions) {
    super(`${method} ${path}: ${detail} (${code})`, options);
    this.code = code;
    this.method = method;
    this.path = path;
  }
}

/**
 * No retry cures this: the same pass over the same objects ends the same way. The controller counts and logs it and does
 * not come back to the key until something adds it again. As controller-runtime's `reconcile.TerminalError`.
 */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** One entry of a Status's details.causes. */
export interface StatusCause {
  field?: string;
  reason?: string;
  message?: string;
}

/** The API server answered with an error status. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status, or the code of an ERROR event in a watch. */
  readonly status: number;
  /** A machine-readable StatusReason, e.g. Conflict, NotFound, Expired; '' when the answer was no Status. */
  readonly reason: string;
  readonly method: string;
  readonly path: string;
  /** From the Retry-After header or details.retryAfterSeconds. */
  readonly retryAfterMs: number | undefined;
  readonly causes: readonly StatusCause[];

  constructor(
    method: string,
    path: string,
    answer: { status: number; headers?: Readonly<Record<string, string>>; body?: unknown },
  ) {
    const status = statusOf(answer.body);
    const said = mayQuote(path) ? (status.message ?? '').slice(0, 1024) : '';
    super(`${method} ${path}: ${answer.status} ${status.reason ?? ''}${said && `: ${said}`}`.trim());
    this.status = answer.status;
    this.reason = status.reason ?? '';
    this.method = method;
    this.path = path;
    this.retryAfterMs = retryAfter(answer.headers?.['retry-after'], status.details?.retryAfterSeconds);
    this.causes = mayQuote(path) ? (status.details?.causes ?? []) : withoutMessages(status.details?.causes);
  }
}

interface Status {
  message?: string;
  reason?: string;
  details?: { retryAfterSeconds?: number; causes?: StatusCause[] };
}

function statusOf(body: unknown): Status {
  const isStatus = typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
  return isStatus ? (body as Status) : {};
}

// A validation message quotes the value that it refuses.
function mayQuote(path: string): boolean {
  return !/\/secrets(\/|$)/.test(path);
}

function withoutMessages(causes: readonly StatusCause[] | undefined): StatusCause[] {
  return (causes ?? []).map(({ field, reason }) => ({ field, reason }));
}

// Kubernetes only sends the delta-seconds form of RFC 9110's Retry-After.
function retryAfter(header: string | undefined, detail: number | undefined): number | undefined {
  const seconds = header !== undefined && /^\d+$/.test(header) ? Number(header) : detail;
  return seconds === undefined ? undefined : seconds * 1000;
}

export function isApiError(error: unknown, ...statuses: number[]): error is ApiError {
  return error instanceof ApiError && (statuses.length === 0 || statuses.includes(error.status));
}

/** The object changed since it was read; read again. Not AlreadyExists, which shares the status. */
export function isConflict(error: unknown): error is ApiError {
  return isApiError(error, 409) && error.reason !== 'AlreadyExists';
}

export function isAlreadyExists(error: unknown): error is ApiError {
  return isApiError(error, 409) && error.reason === 'AlreadyExists';
}

export function isNotFound(error: unknown): error is ApiError {
  return isApiError(error, 404);
}

/** The asked resourceVersion or continue token is compacted: list again. */
export function isGone(error: unknown): error is ApiError {
  return isApiError(error, 410);
}

function isForbidden(error: unknown): error is ApiError {
  return isApiError(error, 403);
}

/** Writes into a namespace that is being deleted are refused for good. */
export function isNamespaceTerminating(error: unknown): error is ApiError {
  return isForbidden(error) && error.causes.some((cause) => cause.reason === 'NamespaceTerminating');
}
