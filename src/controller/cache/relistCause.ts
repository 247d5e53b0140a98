import { ApiError, isGone, TransportError } from '../client/errors.ts';

/** Why a complete list is asked for. */
export const LIST_CAUSES = [
  'start',
  'expired',
  'too_large',
  'silent',
  'set_back',
  'bad_body',
  'stale',
] as const;
export type ListCause = (typeof LIST_CAUSES)[number];

/** Why a watch can't be resumed where it was; undefined when it can. */
export function relistCause(error: unknown): ListCause | undefined {
  if (isGone(error) || (error instanceof ApiError && /^(Expired|Gone)$/.test(error.reason))) return 'expired';
  // The server is behind the version asked for: after a restored backup it will be for long.
  if (error instanceof ApiError && error.causes.some((cause) => cause.reason === 'ResourceVersionTooLarge')) {
    return 'too_large';
  }
  // Silent for longer than bookmarks are apart: half open, or the server was set back and sends nothing below
  // the version asked for. Only a list shows which.
  if (error instanceof TransportError && error.code === 'TIMEOUT') return 'silent';
  if (error instanceof TransportError && error.code === 'SET_BACK') return 'set_back';
  // An event was lost in what could not be read.
  if (error instanceof TransportError && error.code === 'BAD_BODY') return 'bad_body';
  return undefined;
}

/** For a metric's label: the transport's own word. */
export function causeCode(error: unknown): string {
  return error instanceof TransportError ? error.code : 'other';
}
