import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parse } from 'yaml';
import { metaOf, objectAt, objectsAt, stringAt } from '../../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import type { Api } from './api.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const OURS = join(import.meta.dirname, '..', '..', '..', 'crds');

/** A kind with all that the contract asks about, and little else. */
const widgets: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.contract.example.com' },
  spec: {
    group: 'contract.example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Color', type: 'string', jsonPath: '.spec.color', priority: 1 },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: {
                type: 'object',
                required: ['size'],
                properties: {
                  size: { type: 'integer', minimum: 1, maximum: 1000 },
                  color: { type: 'string', default: 'red', enum: ['red', 'green', 'blue'] },
                  code: { type: 'string', pattern: '^[a-z]+$', minLength: 2, maxLength: 5 },
                  parts: {
                    type: 'array',
                    maxItems: 3,
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: {
                        name: { type: 'string', maxLength: 20 },
                        weight: { type: 'integer', default: 1 },
                      },
                    },
                  },
                  labels: { type: 'object', additionalProperties: { type: 'string' } },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  note: { type: 'string', nullable: true },
                },
                'x-kubernetes-validations': [
                  { rule: 'self.size >= oldSelf.size', message: 'size never shrinks', fieldPath: '.size' },
                  { rule: "self.color != 'blue' || self.size > 1", message: 'blue is never of size one' },
                ],
              },
              status: {
                type: 'object',
                default: { observedGeneration: -1 },
                properties: {
                  observedGeneration: { type: 'integer' },
                  note: { type: 'string', maxLength: 20 },
                },
              },
            },
          },
        },
      },
    ],
  },
};

export function widgetsIn(namespace: string): string {
  return `/apis/contract.example.com/v1/namespaces/${namespace}/widgets`;
}

export const allWidgets = '/apis/contract.example.com/v1/widgets';

export function widget(name: string, spec: JsonObject = {}, rest: JsonObject = {}): JsonObject {
  const { metadata = {}, ...others } = rest;
  return {
    apiVersion: 'contract.example.com/v1',
    kind: 'Widget',
    metadata: { name, ...(metadata as JsonObject) },
    spec: { size: 1, ...spec },
    ...others,
  };
}

export function configMapsIn(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/configmaps`;
}

export function configMap(
  name: string,
  metadata: JsonObject = {},
  data: JsonObject = { a: '1' },
): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}

/** A collection of the definition's that can be read once it is served. */
function collectionOf(crd: JsonObject): string {
  const { group, names } = crd.spec as { group: string; names: { plural: string } };
  const [version] = objectsAt(objectAt(crd, 'spec'), 'versions');
  return `/apis/${group}/${stringAt(version, 'name')}/${names.plural}`;
}

async function untilServed(api: Api, crd: JsonObject): Promise<void> {
  for (;;) {
    const { status } = await api.call('GET', collectionOf(crd), undefined, { query: { limit: '1' } });
    if (status === 200) return;
    await pause(20);
  }
}

/** Creates a definition unless it is there, and waits until its kind is served. */
export async function install(api: Api, crd: JsonObject): Promise<void> {
  const { status, body } = await api.call('POST', CRDS, crd);
  if (status !== 201 && status !== 409) throw new Error(`${metaOf(crd).name}: ${JSON.stringify(body)}`);
  await untilServed(api, crd);
}

interface OurDefinition {
  kind: string;
  group: string;
  version: string;
  schema: JsonObject;
  crd: JsonObject;
}

async function readOurs(): Promise<OurDefinition[]> {
  const files = (await readdir(OURS)).filter((file) => file.endsWith('.yaml'));
  return Promise.all(
    files.map(async (file) => {
      const crd = parse(await readFile(join(OURS, file), 'utf8')) as JsonObject;
      const spec = objectAt(crd, 'spec');
      const [served] = objectsAt(spec, 'versions');
      return {
        kind: stringAt(objectAt(spec, 'names'), 'kind'),
        group: stringAt(spec, 'group'),
        version: stringAt(served, 'name'),
        schema: objectAt(objectAt(served, 'schema'), 'openAPIV3Schema'),
        crd,
      };
    }),
  );
}

/** The product's own. */
export const ourDefinitions = await readOurs();

/** The product's own definitions, and the contract's. */
export async function installKinds(api: Api): Promise<void> {
  for (const { crd } of ourDefinitions) await install(api, crd);
  await install(api, widgets);
}
