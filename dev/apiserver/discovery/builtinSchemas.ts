import type { JsonObject } from '../values/kinds.ts';
import { accessSchemas } from './accessSchemas.ts';
import { flag, integer, list, map, object, string, time } from './schemaParts.ts';

export const OBJECT_META = '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

const ownerReference = object(
  'The object that owns this one, in the same namespace or cluster-scoped.',
  {
    apiVersion: string('API version of the owner.'),
    kind: string('Kind of the owner.'),
    name: string('Name of the owner.'),
    uid: string('UID of the owner.'),
    controller: flag('Whether the owner is the managing controller.'),
    blockOwnerDeletion: flag('Whether foreground deletion of the owner waits for this object.'),
  },
  ['apiVersion', 'kind', 'name', 'uid'],
);

/** Schemas that every group version's document refers to. */
export const metaSchemas: JsonObject = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta': object(
    'What every object has: identity, labels, lifecycle.',
    {
      name: string('Name, unique within a namespace; it cannot be changed.'),
      generateName: string('Prefix from which the server makes a name where none is given.'),
      namespace: string('Namespace within which the name is unique.'),
      uid: string('Unique in time and space; set by the server.'),
      resourceVersion: string('Opaque version of the object, for optimistic concurrency.'),
      generation: integer('Sequence number of the desired state; set by the server.'),
      creationTimestamp: time('When the object was created; set by the server.'),
      deletionTimestamp: time('When deletion was asked for; set by the server.'),
      deletionGracePeriodSeconds: integer('Seconds that the object may take to end once deleted.'),
      labels: map({ type: 'string' }, 'Keys and values that selectors match.'),
      annotations: map({ type: 'string' }, 'Keys and values that tools keep with the object.'),
      finalizers: list({ type: 'string' }, 'Must be empty before the object is removed.'),
      ownerReferences: list(ownerReference, 'The objects that this one depends on.'),
      managedFields: list({ type: 'object' }, 'Which manager owns which field.'),
    },
  ),
};

const reference = (description: string): JsonObject =>
  object(description, {
    apiVersion: string('API version of the referent.'),
    kind: string('Kind of the referent.'),
    namespace: string('Namespace of the referent.'),
    name: string('Name of the referent.'),
    uid: string('UID of the referent.'),
    resourceVersion: string('Version of the referent.'),
    fieldPath: string('Part of the referent that is meant.'),
  });

const schemas: Record<string, JsonObject> = {
  ...accessSchemas,
  '/Namespace': object('A scope for names.', {
    spec: object('What the namespace should be.', {
      finalizers: list({ type: 'string' }, 'Must be empty before the namespace is removed.'),
    }),
    status: object('What the namespace is.', { phase: string('Active or Terminating.') }),
  }),
  '/Secret': object('Secret data of at most 1 MiB.', {
    data: map({ type: 'string', format: 'byte' }, 'Keys and base64-encoded values.'),
    stringData: map(
      { type: 'string' },
      'Values in plain text, merged into data when written; never read back.',
    ),
    type: string('What the keys mean, for programs.'),
    immutable: flag('Whether the data can no longer be changed.'),
  }),
  '/ConfigMap': object('Configuration data that programs read.', {
    data: map({ type: 'string' }, 'Keys and values.'),
    binaryData: map({ type: 'string', format: 'byte' }, 'Keys and base64-encoded values.'),
    immutable: flag('Whether the data can no longer be changed.'),
  }),
  '/ServiceAccount': object('An identity for programs.', {
    secrets: list(reference('A Secret.'), 'Secrets that programs with this identity may use.'),
    automountServiceAccountToken: flag('Whether pods get a token of this identity.'),
  }),
  '/Event': object('Something that happened to an object.', {
    involvedObject: reference('The object that it happened to.'),
    reason: string('A CamelCase word for what happened.'),
    message: string('What happened, for people.'),
    source: object('Who saw it.', { component: string('The component.'), host: string('Its host.') }),
    type: string('Normal or Warning.'),
    count: { type: 'integer', format: 'int32', description: 'How often it happened.' },
    firstTimestamp: time('When it was first seen.'),
    lastTimestamp: time('When it was last seen.'),
    eventTime: time('When it was first seen, in microseconds.'),
    action: string('What was done about the object.'),
    reportingComponent: string('The controller that reports it.'),
    reportingInstance: string('The instance of that controller.'),
  }),
  'events.k8s.io/Event': object('Something that happened to an object.', {
    regarding: reference('The object that it happened to.'),
    related: reference('Another object that it has to do with.'),
    reason: string('A CamelCase word for what happened.'),
    note: string('What happened, for people.'),
    action: string('What was done about the object.'),
    type: string('Normal or Warning.'),
    eventTime: time('When it was first seen, in microseconds.'),
    reportingController: string('The controller that reports it.'),
    reportingInstance: string('The instance of that controller.'),
  }),
  'coordination.k8s.io/Lease': object('A lock that expires.', {
    spec: object('Who holds it and since when.', {
      holderIdentity: string('The holder.'),
      leaseDurationSeconds: {
        type: 'integer',
        format: 'int32',
        description: 'Seconds after renewTime that it holds.',
      },
      acquireTime: time('When the holder took it.'),
      renewTime: time('When the holder last renewed it.'),
      leaseTransitions: { type: 'integer', format: 'int32', description: 'How often it changed hands.' },
    }),
  }),
  'apiextensions.k8s.io/CustomResourceDefinition': object('A kind that the server should serve.', {
    spec: object('The kind, its names, scope, versions and schemas.', {
      group: string('API group of the kind.'),
      scope: string('Namespaced or Cluster.'),
      names: {
        type: 'object',
        description: 'Names of the kind.',
        'x-kubernetes-preserve-unknown-fields': true,
      },
      versions: list({ type: 'object' }, 'Versions of the kind, each with its schema.'),
    }),
    status: { type: 'object', description: 'Whether the kind is served.' },
  }),
};

/** The schema of a built-in kind without apiVersion, kind and metadata; an open object for one that isn't kept here. */
export function builtinSchema(group: string, kind: string): JsonObject {
  return schemas[`${group}/${kind}`] ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
}
