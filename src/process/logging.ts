import { type DestinationStream, type Logger, type LoggerOptions, pino, stdSerializers } from 'pino';
import type { Clock } from '../controller/lib/clock.ts';
import { escapedLine } from '../controller/lib/plainText.ts';
import { iso } from '../controller/lib/time.ts';

export interface LoggingOptions {
  level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  clock: Clock;
  /** Default: standard output, written at once, so that the last words of a process are not lost. */
  destination?: DestinationStream;
}

/** Values under these names never reach a log, wherever in a line they stand, four levels deep. */
const SECRET_NAMES = [
  'authorization',
  'cookie',
  'credential',
  'credentials',
  'data',
  'databaseURL',
  'environment',
  'key',
  'keys',
  'password',
  'stringData',
  'ticket',
  'token',
  'userData',
  'variables',
];
const PREFIXES = ['', '*.', '*.*.', '*.*.*.'];

/** JSON lines with an RFC 3339 `time` and `level` as a word. */
export function createLogger({ level, clock, destination }: LoggingOptions): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    messageKey: 'msg',
    timestamp: () => `,"time":"${iso(clock.now())}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: PREFIXES.flatMap((prefix) => SECRET_NAMES.map((name) => `${prefix}${name}`)) },
    serializers: { err: describeError, error: describeError, req: noRequest, res: stdSerializers.res },
  };
  const output = destination ?? pino.destination({ dest: 1, sync: true });
  return pino(options, { write: (line) => output.write(escapedLine(line)) });
}

export interface DescribedError {
  name: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: DescribedError;
}

const DEEPEST_CAUSE = 4;
const LONGEST_MESSAGE = 2_000;

/**
 * An error as name, message, code, frames and cause, and nothing else: libraries hang requests, responses, query
 * values and whole configurations on theirs. Text that looks like credentials is cut out of messages.
 */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { name: typeof error, message: clean(String(error)) };
  const described: DescribedError = { name: error.name, message: clean(error.message) };
  if ('code' in error && (typeof error.code === 'string' || typeof error.code === 'number')) {
    described.code = clean(String(error.code));
  }
  const frames = framesOf(error);
  if (frames !== '') described.stack = frames;
  if (error.cause !== undefined && depth < DEEPEST_CAUSE)
    described.cause = describeError(error.cause, depth + 1);
  return described;
}

// V8 puts the message, uncut, before the frames.
function framesOf(error: Error): string {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join('\n');
}

function clean(message: string): string {
  const text = message
    // Credentials in a URL. The scheme is bounded, so that no text takes longer than its length.
    .replace(/\b([a-z][a-z0-9+.-]{0,31}:\/\/)[^\s/@]*@/gi, '$1[…]@')
    .replace(/\b(bearer|basic)\s+[^\s,;"']+/gi, '$1 […]')
    // The query of a presigned URL.
    .replace(/([?&](?:X-Amz-[A-Za-z-]+|[\w-]*(?:token|signature|secret|password|key))=)[^&\s]+/gi, '$1[…]');
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}…` : text;
}

/** A request's method and path; its headers and query may hold credentials. */
function noRequest(request: unknown): { method?: string; path?: string } {
  if (typeof request !== 'object' || request === null) return {};
  const { method, url } = request as { method?: unknown; url?: unknown };
  return {
    ...(typeof method === 'string' && { method }),
    ...(typeof url === 'string' && { path: url.split('?')[0] }),
  };
}
