import { z } from 'zod';
import { operations } from './actions/operations.ts';
import { CloudError } from './base/errors.ts';
import { createParams } from './base/params.ts';
import { errorXml, responseXml } from './base/xml.ts';
import { type Delivery, exchange, type Service } from './exchange/exchange.ts';
import type { Cut } from './exchange/faults.ts';
import { ACTIONS } from './wire/wire.ts';
import { handleSqs, isSqs } from './wire/wireSqs.ts';

export interface HttpRequest {
  method: string;
  /** Path and query. */
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** An answer, or what becomes of the connection instead. */
export type Outcome = HttpResponse | { none: Cut };

/** EC2's Query protocol, and SSM's and SQS's JSON, on one address, as AWS_ENDPOINT_URL points them here. */
export async function handleAws(
  service: Service,
  request: HttpRequest,
  gaveUp: AbortSignal,
): Promise<Outcome> {
  const target = request.headers['x-amz-target'];
  if (typeof target !== 'string') return handleQuery(service, request, gaveUp);
  return isSqs(target)
    ? answerJson(service, request, '1.0', (body) => handleSqs(service, target, body, gaveUp))
    : answerJson(service, request, '1.1', (body) => handleSsm(service, target, body, gaveUp));
}

async function handleQuery(service: Service, request: HttpRequest, gaveUp: AbortSignal): Promise<Outcome> {
  const requestID = newRequestID(service);
  const form = new URLSearchParams(request.body === '' ? request.url.split('?')[1] : request.body);
  const action = form.get('Action') ?? '';
  const delivery = await guarded(async () => {
    checkCredentials(request);
    const handler = ACTIONS.get(action);
    if (handler === undefined)
      throw new CloudError('InvalidAction', `The action ${action} is not valid for this web service.`);
    form.delete('Action');
    form.delete('Version');
    return handler(service, createParams(form), gaveUp);
  });
  if (delivery.kind === 'none') return { none: delivery.how };
  const [status, body] =
    delivery.kind === 'value'
      ? [200, responseXml(action, requestID, delivery.value)]
      : [delivery.error.status, errorXml(delivery.error.code, delivery.error.message, requestID)];
  return {
    status,
    headers: { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestID },
    body,
  };
}

const getParameterInput = z.object({ Name: z.string().min(1), WithDecryption: z.boolean().optional() });

async function handleSsm(
  service: Service,
  target: string,
  body: unknown,
  gaveUp: AbortSignal,
): Promise<Delivery<unknown>> {
  if (target !== 'AmazonSSM.GetParameter')
    throw new CloudError('UnknownOperationException', `The operation ${target} is not known here.`);
  const input = getParameterInput.safeParse(body);
  if (!input.success) throw new CloudError('ValidationException', z.prettifyError(input.error));
  const name = input.data.Name;
  const found = await exchange(service, operations.getParameter, name, gaveUp);
  return found.kind === 'value' ? { kind: 'value', value: parameterJson(service, name, found.value) } : found;
}

async function answerJson(
  service: Service,
  request: HttpRequest,
  version: '1.0' | '1.1',
  work: (body: unknown) => Promise<Delivery<unknown>>,
): Promise<Outcome> {
  const delivery = await guarded(async () => {
    checkCredentials(request);
    return work(parseJson(request.body));
  });
  if (delivery.kind === 'none') return { none: delivery.how };
  const headers = {
    'content-type': `application/x-amz-json-${version}`,
    'x-amzn-requestid': newRequestID(service),
  };
  if (delivery.kind === 'value') return { status: 200, headers, body: JSON.stringify(delivery.value) };
  const { code, message, status } = delivery.error;
  return { status, headers, body: JSON.stringify({ __type: code, message }) };
}

function parameterJson({ cloud }: Service, name: string, value: string) {
  const arn = `arn:aws:ssm:${cloud.region}:${cloud.account.id}:parameter/${name.replace(/^\//, '')}`;
  return { Parameter: { Name: name, Type: 'String', Value: value, Version: 1, ARN: arn, DataType: 'text' } };
}

async function guarded<T>(work: () => Promise<Delivery<T>>): Promise<Delivery<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CloudError) return { kind: 'error', error };
    throw error;
  }
}

// Signatures are not verified: there are no accounts to tell apart. That a client signs at all is.
function checkCredentials(request: HttpRequest): void {
  const { authorization } = request.headers;
  if (typeof authorization !== 'string')
    throw new CloudError('MissingAuthenticationToken', 'Request must contain valid credentials.');
  if (!authorization.startsWith('AWS4-HMAC-SHA256 Credential='))
    throw new CloudError('AuthFailure', 'AWS was not able to validate the provided access credentials');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CloudError('SerializationException', 'The body is not JSON.');
  }
}

function newRequestID({ cloud }: Service): string {
  const hex = cloud.random.bytes(16).toString('hex');
  return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
}
