import { z } from 'zod';
import { customFields } from '../fields/fieldSchema.ts';
import { parseStructural } from '../schema/structural.ts';
import { customColumns } from '../table/customColumns.ts';
import type { JsonObject, KindInfo } from '../values/kinds.ts';
import { compileSchema } from './compileSchema.ts';

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

const column = z.object({
  name: z.string().min(1),
  type: z.enum(['string', 'integer', 'number', 'boolean', 'date']),
  format: z.string().optional(),
  description: z.string().optional(),
  priority: z.int().optional(),
  jsonPath: z.string().min(1),
});

const definition = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    group: z.string().min(1),
    scope: z.enum(['Namespaced', 'Cluster']),
    names: z.object({
      plural: z.string().min(1),
      singular: z.string().optional(),
      kind: z.string().min(1),
      listKind: z.string().optional(),
      shortNames: z.array(z.string()).optional(),
      categories: z.array(z.string()).optional(),
    }),
    versions: z
      .array(
        z.object({
          name: z.string().regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/),
          served: z.boolean(),
          storage: z.boolean(),
          schema: z.object({ openAPIV3Schema: z.json() }),
          subresources: z.object({ status: z.object({}).optional() }).optional(),
          additionalPrinterColumns: z.array(column).optional(),
        }),
      )
      .min(1),
  }),
});

/**
 * The kinds that a CustomResourceDefinition (apiextensions.k8s.io/v1) serves, one a served version.
 * @throws Error with one line that names the field when the definition cannot be served
 */
export function compileCrd(crd: JsonObject): KindInfo[] {
  const { metadata, spec } = parse(crd);
  const { names } = spec;
  if (metadata.name !== `${names.plural}.${spec.group}`) {
    throw new Error(
      `metadata.name: Invalid value: "${metadata.name}": must be spec.names.plural+"."+spec.group`,
    );
  }
  if (spec.versions.filter((version) => version.storage).length !== 1) {
    throw new Error('spec.versions: Invalid value: must have exactly one version marked as storage version');
  }
  return spec.versions.flatMap((version, index) => {
    const path = `spec.versions[${index}].schema.openAPIV3Schema`;
    const structural = parseStructural(version.schema.openAPIV3Schema, path);
    const schema = compileSchema(structural, names.kind, path);
    if (!version.served) return [];
    return {
      group: spec.group,
      version: version.name,
      plural: names.plural,
      singular: names.singular ?? names.kind.toLowerCase(),
      kind: names.kind,
      listKind: names.listKind ?? `${names.kind}List`,
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      namespaced: spec.scope === 'Namespaced',
      verbs: VERBS,
      statusSubresource: version.subresources?.status !== undefined,
      schema,
      fields: customFields(structural),
      columns: customColumns(version.additionalPrinterColumns, `spec.versions[${index}]`),
      openapi: version.schema.openAPIV3Schema,
    };
  });
}

function parse(crd: JsonObject): z.infer<typeof definition> {
  const parsed = definition.safeParse(crd);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = (issue?.path ?? [])
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('');
  throw new Error(`${field.slice(1)}: Invalid value: ${issue?.message ?? 'not a CustomResourceDefinition'}`);
}
