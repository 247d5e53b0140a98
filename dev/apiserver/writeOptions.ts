import { isObject, objectAt, stringAt, stringsAt } from './json.ts';
import type { JsonObject } from './kinds.ts';
import { badRequest } from './statusErrors.ts';

export interface WriteOptions {
  dryRun: boolean;
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

/** Throws a 400. */
export function writeOptions(query: URLSearchParams, warn: (message: string) => void): WriteOptions {
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  if (fieldValidation !== 'Strict' && fieldValidation !== 'Warn' && fieldValidation !== 'Ignore') {
    throw badRequest(`Invalid value: "${fieldValidation}": fieldValidation must be Ignore, Warn or Strict`);
  }
  return { dryRun: dryRunOf(query.getAll('dryRun')), fieldValidation, warn };
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
