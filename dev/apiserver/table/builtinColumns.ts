import { metaOf, objectAt, stringAt } from '../values/json.ts';
import type { JsonObject, JsonValue, TableColumn } from '../values/kinds.ts';

type Cell = (object: JsonObject) => JsonValue;

function column(name: string, type: TableColumn['type'], value: Cell, priority = 0): TableColumn {
  return { name, type, priority, value };
}

const created: Cell = (object) => stringAt(metaOf(object), 'creationTimestamp');
const age = column('Age', 'date', created);

/** What `kubectl get` shows of built-in kinds (kubernetes, printers/internalversion); Age alone for any other. */
export function builtinColumns(group: string, kind: string): TableColumn[] {
  return byKind[`${group}/${kind}`] ?? [age];
}

const text =
  (key: string): Cell =>
  (object) =>
    stringAt(object, key);

const size =
  (...keys: string[]): Cell =>
  (object) =>
    keys.reduce((sum, key) => sum + Object.keys(objectAt(object, key)).length, 0);

/** Events come as core/v1 or events.k8s.io/v1, which name the same things differently. */
function either(object: JsonObject, core: string, events: string): JsonValue {
  return object[core] ?? object[events] ?? null;
}

function eventObject(object: JsonObject): string {
  const about = objectAt({ about: either(object, 'involvedObject', 'regarding') }, 'about');
  const kind = stringAt(about, 'kind').toLowerCase();
  const name = stringAt(about, 'name');
  return name === '' ? kind : `${kind}/${name}`;
}

function firstSeen(object: JsonObject): JsonValue {
  return either(object, 'firstTimestamp', 'deprecatedFirstTimestamp') ?? object.eventTime ?? created(object);
}

function lastSeen(object: JsonObject): JsonValue {
  const observed = stringAt(objectAt(object, 'series'), 'lastObservedTime');
  if (observed !== '') return observed;
  return either(object, 'lastTimestamp', 'deprecatedLastTimestamp') ?? firstSeen(object);
}

function count(object: JsonObject): JsonValue {
  return objectAt(object, 'series').count ?? (either(object, 'count', 'deprecatedCount') || 1);
}

function source(object: JsonObject): string {
  const by = objectAt({ by: either(object, 'source', 'deprecatedSource') }, 'by');
  const component =
    stringAt(by, 'component') ||
    stringAt(object, 'reportingComponent') ||
    stringAt(object, 'reportingController');
  const instance = stringAt(by, 'host') || stringAt(object, 'reportingInstance');
  return instance === '' ? component : `${component}, ${instance}`;
}

const event = [
  column('Last Seen', 'date', lastSeen),
  column('Type', 'string', text('type')),
  column('Reason', 'string', text('reason')),
  column('Object', 'string', eventObject),
  column('Subobject', 'string', (object) => stringAt(objectAt(object, 'involvedObject'), 'fieldPath'), 1),
  column('Source', 'string', source, 1),
  column('Message', 'string', (object) => String(either(object, 'message', 'note') ?? '').trim()),
  column('First Seen', 'date', firstSeen, 1),
  column('Count', 'integer', count, 1),
  column('Name', 'string', (object) => stringAt(metaOf(object), 'name'), 1),
];

const byKind: Record<string, TableColumn[]> = {
  '/Namespace': [column('Status', 'string', (object) => stringAt(objectAt(object, 'status'), 'phase')), age],
  '/Secret': [column('Type', 'string', text('type')), column('Data', 'integer', size('data')), age],
  '/ConfigMap': [column('Data', 'integer', size('data', 'binaryData')), age],
  '/Event': event,
  'events.k8s.io/Event': event,
  'coordination.k8s.io/Lease': [
    column('Holder', 'string', (object) => stringAt(objectAt(object, 'spec'), 'holderIdentity')),
    age,
  ],
  'apiextensions.k8s.io/CustomResourceDefinition': [column('Created At', 'string', created)],
};
