import { immutable, invalidValue, required } from '../errors/causes.ts';
import { isQualifiedName } from '../schema/objectMeta.ts';
import { equal, isObject, metaOf, objectAt, stringAt } from '../values/json.ts';
import type { FieldCause, JsonObject, JsonValue } from '../values/kinds.ts';

/** The rules of pkg/apis/core/validation/events.go. They name fields as core/v1 does, for both versions. */

/** Of events with a time, which are new; the others must lie where their object does. */
function namespaceCauses(object: JsonObject, isNew: boolean): FieldCause[] {
  const own = stringAt(metaOf(object), 'namespace');
  const involved = stringAt(objectAt(object, 'involvedObject'), 'namespace');
  const fits =
    involved === '' ? own === 'default' || (isNew && own === 'kube-system') : isNew || own === involved;
  return fits ? [] : [invalidValue('involvedObject.namespace', involved, 'does not match event.namespace')];
}

function bounded(object: JsonObject, field: string, limit: number): FieldCause[] {
  const within = Buffer.byteLength(stringAt(object, field)) <= limit;
  return within ? [] : [invalidValue(field, '', `can have at most ${limit} characters`)];
}

function needed(object: JsonObject, field: string): FieldCause[] {
  return stringAt(object, field) === '' ? [required(field)] : [];
}

/** What holds of every event. @param controllerAs what the version calls reportingComponent */
export function coreEventCauses(object: JsonObject, controllerAs: string): FieldCause[] {
  const isNew = stringAt(object, 'eventTime') !== '';
  const causes = namespaceCauses(object, isNew);
  if (!isNew) return causes;
  const controller = stringAt(object, 'reportingComponent');
  if (controller === '') causes.push(required(controllerAs));
  const why = isQualifiedName(controller);
  if (why !== undefined) causes.push(invalidValue(controllerAs, controller, why));
  for (const field of ['reportingInstance', 'action', 'reason'])
    causes.push(...needed(object, field), ...bounded(object, field, 128));
  return [...causes, ...bounded(object, 'message', 1024)];
}

function seriesCauses(object: JsonObject): FieldCause[] {
  if (!isObject(object.series)) return [];
  const { count, lastObservedTime } = object.series;
  const causes: FieldCause[] = [];
  if (typeof count !== 'number' || count < 2)
    causes.push(invalidValue('series.count', '', 'should be at least 2'));
  if (typeof lastObservedTime !== 'string') causes.push(required('series.lastObservedTime'));
  return causes;
}

/** Not there, or as Go writes what isn't. */
function isUnset(value: JsonValue | undefined): boolean {
  if (isObject(value)) return Object.values(value).every((part) => part === '');
  return value === undefined || value === null || value === 0;
}

function creationCauses(object: JsonObject): FieldCause[] {
  const causes = [...seriesCauses(object), ...needed(object, 'eventTime')];
  const type = stringAt(object, 'type');
  if (type !== 'Normal' && type !== 'Warning')
    causes.push(invalidValue('type', '', `has invalid value: ${type}`));
  for (const field of ['firstTimestamp', 'lastTimestamp', 'count', 'source'])
    if (!isUnset(object[field])) causes.push(invalidValue(field, '', 'needs to be unset'));
  return causes;
}

const frozen: readonly (readonly [field: string, shownAs: string])[] = [
  ...[
    'involvedObject',
    'reason',
    'message',
    'source',
    'firstTimestamp',
    'lastTimestamp',
    'count',
    'type',
  ].map((field) => [field, field] as const),
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingComponent', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
];

/** What events.k8s.io/v1 asks for besides. */
export function eventCauses(object: JsonObject, old?: JsonObject): FieldCause[] {
  const causes = coreEventCauses(object, 'reportingController');
  if (old === undefined) return [...causes, ...creationCauses(object)];
  if (!equal(object.series, old.series)) causes.push(...seriesCauses(object));
  for (const [field, shownAs] of frozen) {
    const same = equal(object[field], old[field]) || (isUnset(object[field]) && isUnset(old[field]));
    if (!same) causes.push(invalidValue(shownAs, object[field], immutable));
  }
  return causes;
}
