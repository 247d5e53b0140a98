import type { JsonValue } from '../values/kinds.ts';
import type { User } from './user.ts';
import type { Watch } from './watchStream.ts';

export interface ApiRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  body: Uint8Array;
  /** Who asks; absent: the administrator. */
  user?: User;
}

export interface ApiResponse {
  status: number;
  headers: Record<string, string>;
  /** JSON, or plain text. */
  body?: JsonValue;
  /** Instead of a body: frames, one a line, until it ends. */
  watch?: Watch;
}
