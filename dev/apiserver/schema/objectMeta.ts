import { forbiddenField, immutable, invalidValue, required, tooLong } from '../errors/causes.ts';
import { equal, objectAt, objectsAt, stringAt, stringsAt } from '../values/json.ts';
import type { FieldCause, JsonObject } from '../values/kinds.ts';
import type { Shape } from '../values/shapes.ts';

export const objectMetaShape: Shape = {
  fields: {
    name: 'string',
    generateName: 'string',
    namespace: 'string',
    selfLink: 'string',
    uid: 'string',
    resourceVersion: 'string',
    generation: 'integer',
    creationTimestamp: 'time',
    deletionTimestamp: 'time',
    deletionGracePeriodSeconds: 'integer',
    labels: { map: 'string' },
    annotations: { map: 'string' },
    ownerReferences: {
      list: {
        fields: {
          apiVersion: 'string',
          kind: 'string',
          name: 'string',
          uid: 'string',
          controller: 'boolean',
          blockOwnerDeletion: 'boolean',
        },
      },
    },
    finalizers: { list: 'string' },
    managedFields: { list: 'any' },
  },
};

export type NameRule = (name: string) => string | undefined;

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** Rules for names: what is wrong with one, or undefined. */
export const isSubdomain: NameRule = (name) =>
  name.length <= 253 && subdomain.test(name)
    ? undefined
    : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";

export const isDnsLabel: NameRule = (name) =>
  name.length <= 63 && dnsLabel.test(name)
    ? undefined
    : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";

/** Names with an optional DNS prefix, as keys of labels and finalizers have. */
export const isQualifiedName: NameRule = (name) => {
  const slash = name.indexOf('/');
  const prefix = slash === -1 ? undefined : name.slice(0, slash);
  const rest = name.slice(slash + 1);
  const good =
    rest.length <= 63 &&
    qualifiedName.test(rest) &&
    (prefix === undefined || isSubdomain(prefix) === undefined);
  return good
    ? undefined
    : "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
};

function labelCauses(labels: JsonObject): FieldCause[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const causes: FieldCause[] = [];
    const why = isQualifiedName(key);
    if (why !== undefined) causes.push(invalidValue('metadata.labels', key, why));
    if (typeof value === 'string' && (value.length > 63 || !labelValue.test(value))) {
      const rule =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
      causes.push(invalidValue('metadata.labels', value, rule));
    }
    return causes;
  });
}

const annotationBytes = 256 * 1024;

function annotationCauses(annotations: JsonObject): FieldCause[] {
  const causes = Object.keys(annotations).flatMap((key) => {
    const why = isQualifiedName(key.toLowerCase());
    return why === undefined ? [] : [invalidValue('metadata.annotations', key, why)];
  });
  const bytes = Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)),
    0,
  );
  return bytes > annotationBytes ? [...causes, tooLong('metadata.annotations', annotationBytes)] : causes;
}

export function validateMeta(meta: JsonObject, nameRule: NameRule): FieldCause[] {
  const name = stringAt(meta, 'name');
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  const causes: FieldCause[] = [];
  const why = nameRule(name);
  if (why !== undefined) causes.push(invalidValue('metadata.name', name, why));
  causes.push(...labelCauses(objectAt(meta, 'labels')), ...annotationCauses(objectAt(meta, 'annotations')));
  stringsAt(meta, 'finalizers').forEach((finalizer) => {
    const wrong = isQualifiedName(finalizer);
    if (wrong !== undefined) causes.push(invalidValue('metadata.finalizers', finalizer, wrong));
  });
  objectsAt(meta, 'ownerReferences').forEach((owner, index) => {
    for (const field of ['apiVersion', 'kind', 'name', 'uid']) {
      if (stringAt(owner, field) !== '') continue;
      causes.push(invalidValue(`metadata.ownerReferences[${index}].${field}`, '', 'must not be empty'));
    }
  });
  return causes;
}

/**
 * An update's metadata as the server completes it before validation: what only the server may set comes from the
 * stored object when it is absent. (rest.BeforeUpdate and ValidateObjectMetaAccessorUpdate.)
 */
export function completeMeta(next: JsonObject, old: JsonObject): JsonObject {
  const meta: JsonObject = { ...next };
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp'] as const) {
    const kept = old[field];
    if (stringAt(meta, field) !== '' || kept === undefined) continue;
    meta[field] = kept;
  }
  for (const field of ['deletionGracePeriodSeconds', 'generation', 'generateName'] as const) {
    const kept = old[field];
    if (kept === undefined) delete meta[field];
    else meta[field] = kept;
  }
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
    const value = meta[field];
    if (value !== undefined && value !== null && Object.keys(value).length === 0) delete meta[field];
  }
  delete meta.managedFields;
  delete meta.selfLink;
  return meta;
}

export function validateMetaUpdate(meta: JsonObject, old: JsonObject): FieldCause[] {
  const causes: FieldCause[] = [];
  for (const field of ['uid', 'creationTimestamp', 'deletionTimestamp'] as const) {
    if (!equal(meta[field], old[field]))
      causes.push(invalidValue(`metadata.${field}`, meta[field], immutable));
  }
  if (stringAt(old, 'deletionTimestamp') !== '') {
    const known = stringsAt(old, 'finalizers');
    const added = stringsAt(meta, 'finalizers').filter((finalizer) => !known.includes(finalizer));
    if (added.length > 0) {
      const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
      const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
      causes.push(forbiddenField('metadata.finalizers', why));
    }
  }
  return causes;
}
