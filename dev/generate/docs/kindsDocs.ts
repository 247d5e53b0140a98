import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SchemaProps } from '../../../src/api/base/structural.ts';
import type { CustomResourceDefinition } from '../../../src/api/kinds/crd.ts';
import { editsSection } from './editsDocs.ts';
import { code, GENERATED, table } from './markdown.ts';

const INTRODUCTION = `# The kinds

All fields of \`compute.molecule.ai/v1alpha1\`, as the API server holds them. \`kubectl explain\` says the same.
Fields are only ever added. A field with a default need not be given.
`;

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'deploy', 'examples');
/** Files that test/api/examples.test.ts holds against the definitions. */
const EXAMPLE_OF: Readonly<Record<string, string>> = {
  Workspace: 'workspace.yaml',
  WorkspaceClass: 'class.yaml',
};

/** docs/kinds.md */
export function kindsDocs(crds: readonly CustomResourceDefinition[]): string {
  return [GENERATED, INTRODUCTION, ...crds.map(kindSection)].join('\n');
}

function kindSection({ spec }: CustomResourceDefinition): string {
  const { names, scope, versions } = spec;
  const [{ schema, additionalPrinterColumns }] = versions;
  const { description, properties } = schema.openAPIV3Schema;
  const shorts = names.shortNames.map(code).join(', ');
  return [
    `## ${names.kind}`,
    '',
    `${description} ${scope === 'Namespaced' ? 'Namespaced' : 'Cluster-scoped'}, short name ${shorts}, in the category ${names.categories.map(code).join(', ')}.`,
    '',
    ...exampleOf(names.kind),
    ...['spec', 'status'].flatMap((part) => {
      const node = properties?.[part];
      return node
        ? [`### ${names.kind} ${part}`, '', node.description ?? '', '', fieldTable(node), ...rules(node)]
        : [];
    }),
    ...editsSection(names.kind),
    `### Columns of \`kubectl get ${names.shortNames[0]}\``,
    '',
    table(
      ['Column', 'What', 'With'],
      additionalPrinterColumns.map((column) => [
        column.name,
        column.description,
        column.priority === 1 ? code('-o wide') : '',
      ]),
    ),
  ].join('\n');
}

/** @throws Error for a kind without an example */
function exampleOf(kind: string): string[] {
  const file = EXAMPLE_OF[kind];
  if (file === undefined) throw new Error(`deploy/examples has no example of a ${kind}`);
  const text = readFileSync(join(EXAMPLES, file), 'utf8').trimEnd();
  return [`From \`deploy/examples/${file}\`:`, '', '```yaml', text, '```', ''];
}

interface Field {
  path: string;
  node: SchemaProps;
  required: boolean;
}

function* fieldsOf(node: SchemaProps, path: string): Generator<Field> {
  for (const [name, property] of Object.entries(node.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    yield { path: at, node: property, required: node.required?.includes(name) === true };
    yield* fieldsOf(property, at);
    if (property.items) yield* fieldsOf(property.items, `${at}[]`);
  }
}

function fieldTable(node: SchemaProps): string {
  return table(
    ['Field', 'Type', 'Default', 'What'],
    [...fieldsOf(node, '')].map(({ path, node: field, required }) => [
      code(path),
      typeOf(field),
      required ? 'required' : field.default === undefined ? '' : code(JSON.stringify(field.default)),
      field.description ?? '',
    ]),
  );
}

function typeOf(node: SchemaProps): string {
  if (node.enum) return node.enum.map(code).join(', ');
  if (node.items) return `list of ${typeOf(node.items)}, ${range(node.minItems, node.maxItems)}`;
  if (node.additionalProperties) return `map, ${range(node.minProperties, node.maxProperties)}`;
  if (node.type === 'integer') return `integer, ${range(node.minimum, node.maximum)}`;
  if (node.format === 'date-time') return 'time';
  if (node.type === 'string') {
    const pattern = node.pattern ? `, ${code(node.pattern)}` : '';
    return `string, ${range(node.minLength, node.maxLength)} characters${pattern}`;
  }
  return node.type;
}

function range(minimum: number | undefined, maximum: number | undefined): string {
  if (maximum === undefined) return minimum === undefined ? 'any' : `from ${minimum}`;
  return minimum === undefined || minimum === 0 ? `up to ${maximum}` : `${minimum} to ${maximum}`;
}

/** What the API server refuses beyond types and bounds. */
function rules(node: SchemaProps): string[] {
  const messages = [...messagesOf(node)];
  if (messages.length === 0) return [];
  return ['Refused by the API server:', '', ...[...new Set(messages)].map((message) => `- ${message}`), ''];
}

function* messagesOf(node: SchemaProps): Generator<string> {
  for (const { message } of node['x-kubernetes-validations'] ?? []) yield message;
  for (const property of Object.values(node.properties ?? {})) yield* messagesOf(property);
  if (node.items) yield* messagesOf(node.items);
}
