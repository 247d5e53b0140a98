import { forbiddenField, invalidValue, required, tooLong } from '../errors/causes.ts';
import { badRequest, invalidOptions } from '../errors/statusErrors.ts';
import { isObject, objectAt, stringAt, stringsAt } from '../values/json.ts';
import type { FieldCause, JsonObject } from '../values/kinds.ts';

export interface WriteOptions {
  dryRun: boolean;
  /** Whose the fields are that the write sets. */
  fieldManager: string;
  fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  /** Receives the texts of Warning headers. */
  warn(message: string): void;
}

export interface DeleteOptions {
  dryRun: boolean;
  uid?: string;
  resourceVersion?: string;
}

function dryRunOf(values: readonly string[]): boolean {
  for (const value of values) {
    if (value !== 'All') throw badRequest(`Invalid value: "${value}": dryRun must be All`);
  }
  return values.length > 0;
}

const managerBytes = 128;

/** What of a user agent stands for its program where no manager is named: all before the first slash. */
function managerOf(userAgent: string): string {
  const program = userAgent.split('/')[0] ?? '';
  return program.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '').slice(0, managerBytes);
}

function managerCauses(query: URLSearchParams, isApply: boolean): FieldCause[] {
  const fieldManager = query.get('fieldManager') ?? '';
  const causes: FieldCause[] = [];
  if (isApply && fieldManager === '') causes.push(required('fieldManager', 'is required for apply patch'));
  if (!isApply && query.has('force'))
    causes.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  if (Buffer.byteLength(fieldManager) > managerBytes) causes.push(tooLong('fieldManager', managerBytes));
  if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(fieldManager))
    causes.push(invalidValue('fieldManager', fieldManager, 'should only contain printable characters'));
  return causes;
}

export interface WriteRequest {
  query: URLSearchParams;
  userAgent: string;
  /** CreateOptions, UpdateOptions or PatchOptions, as errors name them. */
  kind: string;
  /** A server-side apply, which must name its manager and alone may be forced. */
  isApply: boolean;
  /** Receives the texts of Warning headers. */
  warn(message: string): void;
}

/** Throws a 400 or a 422. */
export function writeOptions({ query, userAgent, kind, isApply, warn }: WriteRequest): WriteOptions {
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  if (fieldValidation !== 'Strict' && fieldValidation !== 'Warn' && fieldValidation !== 'Ignore') {
    throw badRequest(`Invalid value: "${fieldValidation}": fieldValidation must be Ignore, Warn or Strict`);
  }
  const causes = managerCauses(query, isApply);
  if (causes.length > 0) throw invalidOptions(kind, causes);
  const fieldManager = query.get('fieldManager') || managerOf(userAgent);
  return { dryRun: dryRunOf(query.getAll('dryRun')), fieldManager, fieldValidation, warn };
}

const propagationPolicies = ['', 'Orphan', 'Background', 'Foreground'];

/**
 * There is no garbage collector, so that every propagation policy means the same; there is nothing to end gracefully,
 * so that every grace period is 0. Throws a 400.
 */
export function deleteOptions(query: URLSearchParams, body: JsonObject | undefined): DeleteOptions {
  const policy = stringAt(body, 'propagationPolicy') || (query.get('propagationPolicy') ?? '');
  if (!propagationPolicies.includes(policy)) {
    throw badRequest(
      `Invalid value: "${policy}": propagationPolicy must be Foreground, Background, Orphan or nil`,
    );
  }
  const { uid, resourceVersion } = objectAt(body, 'preconditions');
  return {
    dryRun: dryRunOf([...query.getAll('dryRun'), ...(isObject(body) ? stringsAt(body, 'dryRun') : [])]),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}
