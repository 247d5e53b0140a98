import { isEc2Failure, saysNotFound } from '../calls/errors.ts';
import type { Resolution } from '../calls/port.ts';

/** Why a class can't be resolved. */
export type Refusal = Extract<Resolution, { ok: false }>;

/** EC2 said that there is none, or what there is can't be used; a person must fix it. */
export function missing(message: string): Refusal {
  return { ok: false, kind: 'missing', message };
}

/** The refusal that a failed question about a term means. Rethrows what is no Ec2Failure. */
export function refusalOf(error: unknown, term: string, notFound: string): Refusal {
  if (!isEc2Failure(error)) throw error;
  if (saysNotFound(error)) return missing(notFound);
  return { ok: false, kind: 'unavailable', message: `${term} could not be looked up. ${error.message}` };
}
