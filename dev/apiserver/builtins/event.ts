import { type Definition, plainDefinition, type Strategy } from '../kinds/definition.ts';
import { metadataMergeRules } from '../patches/strategicMerge.ts';
import type { JsonObject } from '../values/kinds.ts';
import type { Shape } from '../values/shapes.ts';
import { builtinInfo, builtinStrategy, decoder } from './builtin.ts';
import { coreEventCauses, eventCauses } from './eventRules.ts';

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

/** References are owned as a whole. */
const eventRules = { ...metadataMergeRules, atomic: ['involvedObject', 'regarding', 'related'] };

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
    validate: (object) => coreEventCauses(object, 'reportingComponent'),
    createOnUpdate: true,
    mergeRules: eventRules,
    empty: { involvedObject: {}, source: {} },
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
    validate: eventCauses,
    createOnUpdate: true,
    mergeRules: eventRules,
    empty: { regarding: {}, deprecatedSource: {} },
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
