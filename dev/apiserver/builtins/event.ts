import { immutable, invalidValue, notSupported, required } from '../causes.ts';
import { type Definition, plainDefinition, type Strategy } from '../definition.ts';
import { equal, metaOf, objectAt, stringAt } from '../json.ts';
import type { FieldCause, JsonObject } from '../kinds.ts';
import { isQualifiedName } from '../objectMeta.ts';
import type { Shape } from '../shapes.ts';
import { builtinInfo, builtinStrategy, decoder } from './builtin.ts';

/** One storage seen through two versions; it is kept in the core one's shape. */
const storage = 'events';
const coreInfo = builtinInfo('', 'v1', 'Event', { plural: 'events', shortNames: ['ev'] });
const eventsInfo = builtinInfo('events.k8s.io', 'v1', 'Event', { plural: 'events', shortNames: ['ev'] });

const reference: Shape = {
  fields: {
    kind: 'string',
    namespace: 'string',
    name: 'string',
    uid: 'string',
    apiVersion: 'string',
    resourceVersion: 'string',
    fieldPath: 'string',
  },
};
const series: Shape = { fields: { count: 'integer', lastObservedTime: 'microTime' } };
const source: Shape = { fields: { component: 'string', host: 'string' } };

/** events.k8s.io name → core name; the others are the same. */
const renamed: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];

function rename(object: JsonObject, names: ReadonlyMap<string, string>, apiVersion: string): JsonObject {
  const entries = Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value] as const);
  return { ...Object.fromEntries(entries), apiVersion, kind: 'Event' };
}

const toCore = new Map(renamed);
const toEvents = new Map(renamed.map(([there, here]) => [here, there]));

/** An event's own namespace is its object's; those of cluster-scoped objects live in default or kube-system. */
function namespaceCauses(object: JsonObject, field: string): FieldCause[] {
  const own = stringAt(metaOf(object), 'namespace');
  const involved = stringAt(objectAt(object, 'involvedObject'), 'namespace');
  const allowed = involved === '' ? ['default', 'kube-system'] : [involved];
  if (allowed.includes(own)) return [];
  return [invalidValue(`${field}.namespace`, involved, 'does not match event.namespace')];
}

function bounded(
  object: JsonObject,
  field: string,
  shownAs: string,
  limit: number,
  needed: boolean,
): FieldCause[] {
  const value = stringAt(object, field);
  if (value === '') return needed ? [required(shownAs)] : [];
  return Buffer.byteLength(value) > limit
    ? [invalidValue(shownAs, '', `can have at most ${limit} characters`)]
    : [];
}

/** What events.k8s.io/v1 asks for and core/v1 doesn't: pkg/apis/core/validation/events.go. */
function validateNew(object: JsonObject): FieldCause[] {
  const causes: FieldCause[] = [];
  if (stringAt(object, 'eventTime') === '') causes.push(required('eventTime'));
  const controller = stringAt(object, 'reportingComponent');
  if (controller === '') causes.push(required('reportingController'));
  else {
    const why = isQualifiedName(controller);
    if (why !== undefined) causes.push(invalidValue('reportingController', controller, why));
  }
  causes.push(
    ...bounded(object, 'reportingInstance', 'reportingInstance', 128, true),
    ...bounded(object, 'action', 'action', 128, true),
    ...bounded(object, 'reason', 'reason', 128, true),
    ...bounded(object, 'message', 'note', 1024, false),
  );
  const type = stringAt(object, 'type');
  if (type !== 'Normal' && type !== 'Warning') causes.push(notSupported('type', type, ['Normal', 'Warning']));
  for (const [shownAs, field] of renamed.slice(4)) {
    if (object[field] !== undefined) causes.push(invalidValue(shownAs, object[field], 'needs to be unset'));
  }
  const { count } = objectAt(object, 'series');
  if (typeof count === 'number' && count < 2)
    causes.push(invalidValue('series.count', count, 'should be at least 2'));
  return causes;
}

const frozenFields: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['reason', 'reason'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
  ['action', 'action'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['related', 'related'],
];

/** What field selectors may name, each version in its own words. */
function selectable(object: string, controller: string): Strategy['selectableFields'] {
  const parts = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
  return {
    ...Object.fromEntries(parts.map((part) => [`${object}.${part}`, `involvedObject.${part}`])),
    [controller]: 'reportingComponent',
    reason: 'reason',
    type: 'type',
  };
}

const coreStrategy = builtinStrategy(
  decoder(coreInfo, {
    involvedObject: reference,
    reason: 'string',
    message: 'string',
    source,
    firstTimestamp: 'time',
    lastTimestamp: 'time',
    count: 'integer',
    type: 'string',
    eventTime: 'microTime',
    series,
    action: 'string',
    related: reference,
    reportingComponent: 'string',
    reportingInstance: 'string',
  }),
  {
    validate: (object) => namespaceCauses(object, 'involvedObject'),
    createOnUpdate: true,
    selectableFields: { ...selectable('involvedObject', 'reportingComponent'), source: 'source.component' },
  },
);

const eventsStrategy = builtinStrategy(
  decoder(eventsInfo, {
    eventTime: 'microTime',
    series,
    reportingController: 'string',
    reportingInstance: 'string',
    action: 'string',
    reason: 'string',
    regarding: reference,
    related: reference,
    note: 'string',
    type: 'string',
    deprecatedSource: source,
    deprecatedFirstTimestamp: 'time',
    deprecatedLastTimestamp: 'time',
    deprecatedCount: 'integer',
  }),
  {
    validate(object, old) {
      const causes = namespaceCauses(object, 'regarding');
      if (old === undefined) return [...causes, ...validateNew(object)];
      const changed = frozenFields.filter(([field]) => !equal(object[field], old[field]));
      return [
        ...causes,
        ...changed.map(([field, shownAs]) => invalidValue(shownAs, object[field], immutable)),
      ];
    },
    createOnUpdate: true,
    selectableFields: selectable('regarding', 'reportingController'),
  },
);

/** Fields that the real type always writes; kubectl's --sort-by finds nothing where the field is missing. */
const alwaysThere: JsonObject = {
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  eventTime: null,
  reportingComponent: '',
  reportingInstance: '',
};

export const coreEventDefinition: Definition = {
  ...plainDefinition(coreInfo, storage, coreStrategy, true),
  fromStorage: (object) => ({ ...alwaysThere, ...object, apiVersion: 'v1' }),
};

export const eventsEventDefinition: Definition = {
  ...plainDefinition(eventsInfo, storage, eventsStrategy, true),
  toStorage: (object) => rename(object, toCore, 'v1'),
  fromStorage: (object) => rename(object, toEvents, 'events.k8s.io/v1'),
};
