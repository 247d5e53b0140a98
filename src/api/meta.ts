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

const NAME_PATTERN = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** A Kubernetes object name (DNS-1123 subdomain). */
export const objectName = z.string().min(1).max(253).regex(NAME_PATTERN);

export const timestamp = z.iso.datetime().max(40).meta({ format: 'date-time' });

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
    type: z.string().min(1).max(316).describe('The aspect of the object that this condition is about.'),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether the condition holds.'),
    observedGeneration: z
      .int()
      .min(0)
      .optional()
      .describe('metadata.generation that the condition was judged from.'),
    lastTransitionTime: timestamp.describe('When the status of the condition last changed.'),
    reason: z.string().min(1).max(1024).describe('A CamelCase word for why; stable, for programs.'),
    message: z.string().max(4096).describe('What a person needs to know, with the next step.'),
  })
  .describe('One aspect of the object, judged.');
export type Condition = z.infer<typeof condition>;
