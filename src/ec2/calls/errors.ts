import { classOfCode } from './errorTable.ts';
import type { Ec2Failure, ErrorClass } from './port.ts';
import { isRefusedTunnel, type ProxyEnv, proxyAdvice } from './proxy.ts';

/** Codes of failures that did not come from AWS; all others are AWS's own, or the socket's. */
export const CODE = {
  /** The caller's beforeSend refused. */
  blocked: 'SendBlocked',
  credentials: 'NoCredentials',
  timeout: 'ETIMEDOUT',
  /** A successful answer that lacks what it must hold. */
  badAnswer: 'UnreadableAnswer',
  unknown: 'UnknownError',
} as const;

const NEXT_STEP: Readonly<Record<ErrorClass, string>> = {
  capacity: 'Another zone or instance type is tried; more of either in the class helps.',
  quota: 'It is asked again later; end instances that are not needed, or have AWS raise the quota.',
  throttled: 'Everyone waits and it is asked again; nothing was spent.',
  userFix: 'Correct the class, the permissions or the account as AWS says; it is asked again now and then.',
  mismatch: 'The token is bound already: what it is bound to is looked up.',
  gone: 'It is taken for gone only when look-ups some time apart agree.',
  ambiguous: 'It may have happened: the operator asks again, unchanged, until the answer is definite.',
  notSent: 'Nothing was sent; it is tried again.',
  dryRunOK: 'A real request would have been accepted.',
};

const NEXT_STEP_BY_CODE: ReadonlyMap<string, string> = new Map([
  [
    'UnauthorizedOperation',
    'Grant the operator’s AWS identity this action (docs/configuration.md lists them).',
  ],
  ['OperationNotPermitted', 'Turn off termination protection of the instance.'],
  ['AuthFailure', 'Check the AWS credentials of the operator, and that the account may use the image.'],
  ['RequestExpired', 'Check the clock of the machine, and that the AWS credentials have not expired.'],
  ['OptInRequired', 'Subscribe the account to the service or image.'],
  [
    CODE.credentials,
    'Give the process credentials through the AWS SDK’s chain: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, a web identity token, or the role of the machine.',
  ],
  ['ENOTFOUND', 'Check AWS_REGION, AWS_ENDPOINT_URL_EC2 and the name resolution of the machine.'],
  ['ECONNREFUSED', 'Check AWS_ENDPOINT_URL_EC2, and that the endpoint is up.'],
]);

interface FailureParts {
  class: ErrorClass;
  code: string;
  action: string;
  /** What happened, in words; no parameters, no secrets. */
  detail: string;
  requestID?: string | undefined;
  /** The next step for a person, where code or class do not give it. */
  step?: string | undefined;
}

/** An Ec2Failure whose message names the action, the cause and the next step. */
export function ec2Failure(parts: FailureParts): Ec2Failure {
  const step = parts.step ?? NEXT_STEP_BY_CODE.get(parts.code) ?? NEXT_STEP[parts.class];
  const error = new Error(`${parts.action}: ${parts.code}: ${withStop(parts.detail)} ${step}`);
  return Object.assign(error, {
    name: 'Ec2Failure' as const,
    class: parts.class,
    code: parts.code,
    action: parts.action,
    ...(parts.requestID === undefined ? {} : { requestID: parts.requestID }),
  });
}

export function isEc2Failure(error: unknown): error is Ec2Failure {
  return error instanceof Error && error.name === 'Ec2Failure';
}

/** Whether AWS said that the thing asked for does not exist; a bare "NotFound" is only the SDK's word for any HTTP 404. */
export function saysNotFound(failure: Ec2Failure): boolean {
  return /(\.NotFound|^Parameter(Version)?NotFound|^InvalidAMIID\.Unavailable)$/.test(failure.code);
}

export interface CallContext {
  action: string;
  /** Whether the request was handed to the socket. */
  sent: boolean;
  /** Texts that must not come back in a message, e.g. rendered user data. */
  secrets?: readonly string[];
  proxy?: ProxyEnv | undefined;
}

/** The parts of the SDK's and Node's errors that matter here. */
interface RawError {
  name?: unknown;
  code?: unknown;
  Code?: unknown;
  message?: unknown;
  syscall?: unknown;
  hostname?: unknown;
  port?: unknown;
  $metadata?: { httpStatusCode?: number; requestId?: string };
}

/**
 * Puts the SDK's error into one of our classes. It does not keep the SDK's error as a cause, which holds request and response.
 * Before the request was handed to the socket, and while connecting, nothing can have happened, with any error.
 */
export function classify(error: unknown, context: CallContext): Ec2Failure {
  if (isEc2Failure(error)) return error;
  const raw: RawError = typeof error === 'object' && error !== null ? error : {};
  const { action } = context;
  const status = raw.$metadata?.httpStatusCode;
  const requestID = raw.$metadata?.requestId;
  const said = clean(String(raw.message ?? ''), context.secrets ?? []);
  const step = proxyAdvice(raw, context.proxy);
  if (!context.sent) return notSent(raw, action, said, step);
  if (status !== undefined && status >= 300) {
    const code = awsCode(raw, status);
    const kind = classOfCode(code, status);
    return ec2Failure({ class: kind, code, action, detail: said || `HTTP ${status}`, requestID });
  }
  if (status !== undefined) {
    return ec2Failure({ class: 'ambiguous', code: CODE.badAnswer, action, detail: said, requestID });
  }
  const code = socketCode(raw);
  const neverConnected =
    raw.syscall === 'connect' ||
    raw.syscall === 'getaddrinfo' ||
    NO_CONNECTION.has(code) ||
    isRefusedTunnel(raw);
  const kind = neverConnected ? 'notSent' : 'ambiguous';
  return ec2Failure({ class: kind, code, action, detail: said || 'no answer', step });
}

// Given by DNS and connect() alone. With several addresses Node wraps them in an AggregateError without a syscall.
const NO_CONNECTION: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

function notSent(raw: RawError, action: string, said: string, step: string | undefined): Ec2Failure {
  const name = String(raw.name ?? '');
  if (/Credentials|^TokenProviderError$|^SSOTokenProviderFailure$/.test(name)) {
    return ec2Failure({ class: 'notSent', code: CODE.credentials, action, detail: said });
  }
  const code = typeof raw.code === 'string' ? raw.code : name || CODE.unknown;
  return ec2Failure({ class: 'notSent', code, action, detail: said, step });
}

// Names that the SDK gives an answer without a code of AWS's, e.g. a proxy's error page.
const NO_CODE: ReadonlySet<unknown> = new Set(['Error', 'Unknown', 'UnknownError', 'NotFound']);

function awsCode(raw: RawError, status: number): string {
  const code = [raw.Code, raw.name].find((value) => typeof value === 'string' && !NO_CODE.has(value));
  // The Query API once prefixed codes with who is at fault; some emulators still do.
  return typeof code === 'string' ? code.replace(/^(Client|Server)\./, '') : `HTTP${status}`;
}

function socketCode(raw: RawError): string {
  if (typeof raw.code === 'string') return raw.code;
  return typeof raw.name === 'string' && raw.name !== 'Error' ? raw.name : CODE.unknown;
}

const LONGEST_DETAIL = 500;

/** AWS's words without what they may echo: user data, the encoded authorization report, anything that looks like a key. */
function clean(message: string, secrets: readonly string[]): string {
  let text = message.replace(/\s*Encoded authorization failure message:.*/s, '');
  for (const secret of secrets) {
    if (secret !== '') text = text.replaceAll(secret, '[…]');
  }
  text = text
    .replace(/[A-Za-z0-9+/=_]{40,}/g, '[…]')
    .replace(/\s+/g, ' ')
    .trim();
  return text.length > LONGEST_DETAIL ? `${text.slice(0, LONGEST_DETAIL)}…` : text;
}

function withStop(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
