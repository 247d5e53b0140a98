import { expect, test } from 'vitest';
import { compileCrd } from '../kinds/compileCrd.ts';
import { crdWithSpec } from '../kinds/testCrd.ts';
import type { JsonObject, KindInfo } from '../values/kinds.ts';
import { humanDuration } from './age.ts';
import { builtinColumns } from './builtinColumns.ts';
import { renderTable } from './renderTable.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const created = { creationTimestamp: '2026-01-01T00:00:00Z' };

function kindWith(...columns: JsonObject[]): KindInfo {
  const [kind] = compileCrd(crdWithSpec({ type: 'object' }, {}, { additionalPrinterColumns: columns }));
  if (!kind) throw new Error('no version is served');
  return kind;
}

function builtin(group: string, kind: string): KindInfo {
  return { ...kindWith(), columns: builtinColumns(group, kind) };
}

function cells(kind: KindInfo, object: JsonObject): unknown {
  return (renderTable(kind, [object], 'None', NOW).rows as { cells: unknown }[])[0]?.cells;
}

function header(kind: KindInfo): unknown[] {
  const columns = renderTable(kind, [], 'None', NOW).columnDefinitions as {
    name: string;
    priority: number;
  }[];
  return columns.map(({ name, priority }) => (priority > 0 ? [name] : name));
}

test('a cell is there only if it is of its column’s type, and a date is an age', () => {
  const kind = kindWith(
    { name: 'Text', type: 'string', jsonPath: '.spec.text' },
    { name: 'Count', type: 'integer', jsonPath: '.spec.count', priority: 1 },
    { name: 'On', type: 'boolean', jsonPath: '.spec.on' },
    { name: 'Ratio', type: 'number', jsonPath: '.spec.ratio' },
    { name: 'When', type: 'date', jsonPath: '.spec.when' },
  );
  expect(header(kind)).toEqual(['Name', 'Text', ['Count'], 'On', 'Ratio', 'When']);
  const good = { text: 'a', count: 3, on: false, ratio: 0.5, when: '2026-01-01T00:07:00Z' };
  expect(cells(kind, { metadata: { name: 'n' }, spec: good })).toEqual(['n', 'a', 3, false, 0.5, '3m']);
  const odd = { text: [1], count: 'x', on: 'x', ratio: 'x', when: 'x' };
  expect(cells(kind, { metadata: { name: 'n' }, spec: odd })).toEqual([
    'n',
    '[1]',
    null,
    null,
    null,
    '<invalid>',
  ]);
  expect(cells(kind, { metadata: { name: 'n' } })).toEqual(['n', null, null, null, null, null]);
});

test('a row carries as much of its object as was asked for', () => {
  const object = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'n', ...created },
    spec: {},
  };
  const row = (include: 'None' | 'Metadata' | 'Object') =>
    (renderTable(kindWith(), [object], include, NOW).rows as JsonObject[])[0];
  expect(row('None')).toEqual({ cells: ['n', '10m'] });
  expect(row('Object')).toEqual({ cells: ['n', '10m'], object });
  expect(row('Metadata')).toEqual({
    cells: ['n', '10m'],
    object: { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: object.metadata },
  });
});

test('built-in kinds show what kubectl’s users know of them', () => {
  const metadata = { name: 'n', ...created };
  expect(cells(builtin('', 'Namespace'), { metadata, status: { phase: 'Active' } })).toEqual([
    'n',
    'Active',
    '10m',
  ]);
  expect(cells(builtin('', 'Secret'), { metadata, type: 'Opaque', data: { a: '', b: '' } })).toEqual([
    'n',
    'Opaque',
    2,
    '10m',
  ]);
  expect(cells(builtin('', 'ConfigMap'), { metadata, data: { a: '' }, binaryData: { b: '' } })).toEqual([
    'n',
    2,
    '10m',
  ]);
  expect(cells(builtin('', 'ServiceAccount'), { metadata, secrets: [{}] })).toEqual(['n', '10m']);
  expect(
    cells(builtin('coordination.k8s.io', 'Lease'), { metadata, spec: { holderIdentity: 'me' } }),
  ).toEqual(['n', 'me', '10m']);
  expect(cells(builtin('apiextensions.k8s.io', 'CustomResourceDefinition'), { metadata })).toEqual([
    'n',
    created.creationTimestamp,
  ]);
  expect(cells(builtin('apps', 'Deployment'), { metadata })).toEqual(['n', '10m']);
});

test('an event reads the same through both APIs, and its name stands last', () => {
  const core = {
    metadata: { name: 'e', ...created },
    involvedObject: { kind: 'Workspace', name: 'ada', fieldPath: 'spec' },
    reason: 'Launching',
    message: ' sent ',
    type: 'Normal',
    firstTimestamp: '2026-01-01T00:01:00Z',
    lastTimestamp: '2026-01-01T00:09:00Z',
    count: 4,
    source: { component: 'operator', host: 'h' },
  };
  const row = ['60s', 'Normal', 'Launching', 'workspace/ada', 'spec', 'operator, h', 'sent', '9m', 4, 'e'];
  expect(cells(builtin('', 'Event'), core)).toEqual(row);
  const events = {
    metadata: { name: 'e', ...created },
    regarding: { kind: 'Workspace', name: 'ada' },
    reason: 'Launching',
    note: 'sent',
    type: 'Normal',
    eventTime: '2026-01-01T00:01:00.000000Z',
    series: { count: 4, lastObservedTime: '2026-01-01T00:09:00.000000Z' },
    reportingController: 'operator',
    reportingInstance: 'h',
  };
  expect(cells(builtin('events.k8s.io', 'Event'), events)).toEqual(
    row.map((cell) => (cell === 'spec' ? '' : cell)),
  );
  expect(header(builtin('', 'Event'))).toEqual([
    'Last Seen',
    'Type',
    'Reason',
    'Object',
    ['Subobject'],
    ['Source'],
    'Message',
    ['First Seen'],
    ['Count'],
    ['Name'],
  ]);
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
test.each([
  [-2000, '<invalid>'],
  [-1500, '0s'],
  [0, '0s'],
  [2 * MINUTE - 1, '119s'],
  [2 * MINUTE, '2m'],
  [3 * MINUTE + 15_000, '3m15s'],
  [10 * MINUTE + 59_000, '10m'],
  [3 * HOUR + 5 * MINUTE, '3h5m'],
  [8 * HOUR + 5 * MINUTE, '8h'],
  [2 * DAY + 4 * HOUR, '2d4h'],
  [8 * DAY + 4 * HOUR, '8d'],
  [2 * 365 * DAY + 40 * DAY, '2y40d'],
  [8 * 365 * DAY + 40 * DAY, '8y'],
])('%d ms read as %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});
