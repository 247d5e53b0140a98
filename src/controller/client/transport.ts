/** One HTTP exchange with the API server. */
export interface KubeRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with leading slash, without query. */
  path: string;
  query?: Readonly<Record<string, string>>;
  /** Serialised as JSON. */
  body?: unknown;
  /** Of the body; default application/json. */
  contentType?: string;
  /** Default application/json. */
  accept?: string;
  /** Whole-request limit in milliseconds; for `stream`, until the response headers. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Called after every wait (credentials, connection), immediately before the first byte leaves; a throw is what the call rejects with, and nothing was sent. */
  beforeSend?: () => void;
}

export interface KubeResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined when the body was empty. */
  body: unknown;
}

/**
 * The way to the API server: the port at which tests and the simulator cut.
 * Rejects with a TransportError when there was no answer; any HTTP status is an answer.
 */
export interface Transport {
  request(request: KubeRequest): Promise<KubeResponse>;
  /**
   * Answers with one parsed JSON value a line, as in a watch; `body` instead when the status is an error.
   * `lines` throws a TransportError when the connection breaks, a line is not JSON, or `signal` aborts; leaving the loop closes it.
   */
  stream(request: KubeRequest): Promise<{ status: number; body?: unknown; lines: AsyncIterable<unknown> }>;
}
