import { z } from 'zod';

export const GROUP = 'compute.molecule.ai';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const FINALIZER = `${GROUP}/instance`;
/** Escape hatch: lets a Workspace go although its instance can't be proven gone (the AWS account is lost). */
export const ABANDON_ANNOTATION = `${GROUP}/abandon-instance`;

/** The part of ObjectMeta that the operator reads. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
}

/**
 * Text of at most `max` characters, counted as the API server counts: by code points, where zod's `max()` counts UTF-16
 * units and would refuse what is stored already.
 */
export function text(max: number): z.ZodString {
  return z
    .string()
    .refine((value) => value.length <= max || [...value].length <= max, {
      error: `longer than ${max} characters`,
    })
    .meta({ maxLength: max });
}

const NAME_PATTERN = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** A Kubernetes object name (DNS-1123 subdomain). */
export const objectName = text(253).min(1).regex(NAME_PATTERN);

export const timestamp = z.iso.datetime({ offset: true }).max(40).meta({ format: 'date-time' });

/** A CEL rule as in `x-kubernetes-validations`; only what the embedded API server's CEL evaluates too. */
export interface CelRule {
  rule: string;
  message: string;
  fieldPath?: string;
  reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired';
}

/** Attaches CEL rules to a schema; they end up in the CRD as `x-kubernetes-validations`. */
export function cel(...rules: CelRule[]): { 'x-kubernetes-validations': CelRule[] } {
  return { 'x-kubernetes-validations': rules };
}

/** A list that server-side apply merges by the given keys. */
export function listMap(...keys: string[]): {
  'x-kubernetes-list-type': 'map';
  'x-kubernetes-list-map-keys': string[];
} {
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys };
}

/** metav1.Condition. */
export const condition = z
  .object({
    type: text(316).min(1).describe('The aspect of the object that this condition is about.'),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether the condition holds.'),
    observedGeneration: z
      .int()
      .min(0)
      .optional()
      .describe('metadata.generation that the condition was judged from.'),
    lastTransitionTime: timestamp.describe('When the status of the condition last changed.'),
    reason: text(1024).min(1).describe('A CamelCase word for why; stable, for programs.'),
    message: text(4096).describe('What a person needs to know, with the next step.'),
  })
  .describe('One aspect of the object, judged.');
export type Condition = z.infer<typeof condition>;

/** The verdict on one aspect; or, where nothing is known, the condition on record, whose reason may be another release's. */
export type Verdict<Reason extends string> =
  | { status: Condition['status']; reason: Reason; message: string }
  | Condition;
