import { own } from '../../api/base/own.ts';
import { type ErrorCode, GatewayError } from '../base/errors.ts';
import { StoreRefused, StoreUnavailable } from '../store/heartbeatStore.ts';
import type { GatewayParts } from './parts.ts';

/** What a request that failed is answered with. */
export interface Failure {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** The answer to a failed request; counts and logs it. */
export function noteFailure(
  parts: GatewayParts,
  error: unknown,
  route: string | undefined,
  retryAfterSeconds: number,
): Failure {
  const known = toGatewayError(error);
  parts.metrics.errors.inc({ code: known.code });
  logFailure(parts, known, error, route);
  const isForLater = known.status === 503 || known.code === 'too_many_watches';
  return failureOf(known, isForLater ? { 'retry-after': String(retryAfterSeconds) } : {});
}

export function failureOf({ code, status, message, details }: GatewayError, headers = {}): Failure {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify({ code, message, ...(details && { details }) }),
  };
}

const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
};

/** Fastify's own messages quote what was sent, so only their kind survives. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof StoreUnavailable)
    return new GatewayError('storage_unavailable', undefined, { cause: error });
  if (error instanceof StoreRefused) return new GatewayError('invalid_request', undefined, { cause: error });
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  const known = own(FASTIFY_CODES, code ?? '');
  if (known) return new GatewayError(known);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new GatewayError('invalid_request');
  return new GatewayError('internal', undefined, { cause: error });
}

function logFailure(
  parts: GatewayParts,
  known: GatewayError,
  error: unknown,
  route: string | undefined,
): void {
  const { cause } = known;
  if (known.code === 'internal') parts.logger.error({ err: error, route }, 'request failed');
  else if (cause instanceof StoreUnavailable)
    parts.logger.warn({ route, cause: cause.message }, 'store unavailable');
  else if (cause instanceof StoreRefused)
    parts.logger.warn({ route, cause: cause.message }, 'store refused a row');
  // The message of a failed read could quote what it read.
  else if (cause instanceof Error)
    parts.logger.warn({ route, code: known.code, cause: cause.name }, 'request refused');
  else parts.logger.debug({ route, code: known.code }, 'request refused');
}
