/**
 * Every error that the gateway answers with: code, HTTP status and a message that may be shown to anyone.
 * Codes are stable: programs match on them.
 */
export const ERRORS = {
  invalid_request: [400, 'The request is not what this route takes; details names the fields.'],
  unauthenticated: [401, 'The credential is missing or was not issued by this operator; bootstrap first.'],
  caller_unknown: [401, 'Send as bearer a token that the API server knows, such as a ServiceAccount’s.'],
  forbidden: [403, 'The API server does not let you get this Workspace; a role for `get workspaces` would.'],
  ticket_invalid: [403, 'The ticket is not one for this launch.'],
  ticket_spent: [
    403,
    'This launch has used its ticket; only its session credential is taken, with the identity document.',
  ],
  identity_invalid: [
    403,
    'The instance identity document is missing, or not signed by a trusted certificate.',
  ],
  identity_mismatch: [
    403,
    'The instance identity document is of another instance than this launch’s, or of another account or region.',
  ],
  not_found: [404, 'There is no such thing here.'],
  superseded: [410, 'A newer launch has taken the place of this one; stop.'],
  workspace_deleting: [410, 'The Workspace is being deleted; stop.'],
  request_timeout: [408, 'The request did not arrive in time; send it again at once, on a new connection.'],
  body_too_large: [413, 'The body is larger than the limit.'],
  unsupported_media_type: [415, 'Send application/json or text/plain (lines of NAME base64).'],
  too_many_watches: [
    429,
    'You hold as many watches as one caller may; watch a namespace, or everything, in one of them.',
  ],
  rate_limited: [429, 'Too many requests; come again after Retry-After seconds.'],
  internal: [500, 'The gateway failed; its log says why.'],
  key_unknown: [
    503,
    'The key that this credential was made with is not known here yet; come again after Retry-After seconds.',
  ],
  launch_unknown: [503, 'The launch is not known here yet; come again after Retry-After seconds.'],
  launch_not_open: [
    503,
    'The launch is not one that may bootstrap now; come again after Retry-After seconds.',
  ],
  instance_unknown: [503, 'The launch’s instance is not recorded yet; come again after Retry-After seconds.'],
  environment_unsettled: [
    503,
    'The environment is changing, or a Secret of it is missing; come again after Retry-After seconds.',
  ],
  environment_too_large: [
    503,
    'The environment is larger than the operator allows; the Workspace’s conditions say what to do.',
  ],
  secret_refused: [
    503,
    'A Secret of the Workspace is of a type that never reaches an instance; its conditions say which.',
  ],
  bootstrap_under_way: [
    503,
    'Another bootstrap of this launch is under way; come again after Retry-After seconds.',
  ],
  secrets_unavailable: [503, 'The Secrets can’t be read now; come again after Retry-After seconds.'],
  storage_unavailable: [503, 'The database does not answer; come again after Retry-After seconds.'],
  callers_unavailable: [
    503,
    'The API server can’t be asked now who you are and what you may; come again after Retry-After seconds.',
  ],
  overloaded: [503, 'Too much is under way here; come again after Retry-After seconds.'],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorCode = keyof typeof ERRORS;

/** Thrown by handlers; the server turns it into `{code, message, details?}`. Never holds a value from a request or a Secret. */
export class GatewayError extends Error {
  override name = 'GatewayError';
  readonly code: ErrorCode;
  readonly status: number;
  /** Field paths and what is wrong with each. */
  readonly details: readonly string[] | undefined;

  constructor(code: ErrorCode, details?: readonly string[], options?: ErrorOptions) {
    const [status, message] = ERRORS[code];
    super(message, options);
    this.code = code;
    this.status = status;
    this.details = details;
  }
}
