import { z } from 'zod';
import { type CustomResourceDefinition, workspaceClassCrd, workspaceCrd } from '../api/kinds/crd.ts';
import type { Transport } from '../controller/client/transport.ts';
import { type Check, type Finding, failed, passed } from './finding.ts';

const CHECK = 'definitions';
/** Paths named at most. */
const NAMED = 5;

// Every client may read this without a right of its own (system:discovery).
const openapi = z.looseObject({
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});

/** Both kinds are served, with every field that this release reads or writes. */
export function definitionsCheck(transport: Pick<Transport, 'request'>, timeoutMs: number): Check {
  const definitions = [workspaceCrd(), workspaceClassCrd()];
  return {
    name: CHECK,
    object: definitions.map(({ metadata }) => metadata.name).join(', '),
    async run() {
      const served = await readServed(transport, definitions, timeoutMs);
      return definitions.map((definition) => judge(definition, served));
    },
  };
}

async function readServed(
  transport: Pick<Transport, 'request'>,
  [first]: readonly CustomResourceDefinition[],
  timeoutMs: number,
): Promise<readonly unknown[]> {
  const { group, version } = partsOf(first);
  const path = `/openapi/v3/apis/${group}/${version}`;
  const { status, body } = await transport.request({ method: 'GET', path, timeoutMs });
  if (status === 404) return [];
  if (status !== 200) throw new Error(`GET ${path}: the API server answered ${status}`);
  return Object.values(openapi.parse(body).components.schemas);
}

function judge(definition: CustomResourceDefinition, served: readonly unknown[]): Finding {
  const object = `CustomResourceDefinition ${definition.metadata.name}`;
  const { group, version, kind, schema } = partsOf(definition);
  const theirs = served.find((candidate) => isOf(candidate, { group, version, kind }));
  if (theirs === undefined)
    return failed(
      CHECK,
      object,
      `${group}/${version} of ${kind} is not served`,
      'install the definitions: crds.install=true, or kubectl apply -f crds/',
    );
  const lacking = lackingFields(schema, theirs);
  if (lacking.length > 0)
    return failed(
      CHECK,
      object,
      `it is of an older release and lacks ${lacking.length} fields: ${lacking.slice(0, NAMED).join(', ')}${lacking.length > NAMED ? ', …' : ''}`,
      'upgrade the definitions: helm upgrade with crds.install=true, or kubectl apply -f crds/',
    );
  return passed(CHECK, object, `${version} is served with every field of this release`);
}

function partsOf(definition: CustomResourceDefinition | undefined) {
  const [version] = definition?.spec.versions ?? [];
  if (!definition || !version) throw new TypeError('a definition has one version');
  return {
    group: definition.spec.group,
    version: version.name,
    kind: definition.spec.names.kind,
    schema: version.schema.openAPIV3Schema as unknown,
  };
}

const typed = z.looseObject({
  'x-kubernetes-group-version-kind': z.array(
    z.looseObject({ group: z.string(), version: z.string(), kind: z.string() }),
  ),
});

function isOf(schema: unknown, wanted: { group: string; version: string; kind: string }): boolean {
  const [named] = typed.safeParse(schema).data?.['x-kubernetes-group-version-kind'] ?? [];
  return named?.group === wanted.group && named.version === wanted.version && named.kind === wanted.kind;
}

const nested = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  additionalProperties: z.unknown().optional(),
});

/** Paths of the fields that ours has and theirs has not. The server writes apiVersion, kind and metadata itself. */
function lackingFields(ours: unknown, theirs: unknown, path = ''): string[] {
  const mine = nested.safeParse(ours).data;
  const other = nested.safeParse(theirs).data;
  if (!mine) return [];
  const fields = Object.entries(mine.properties ?? {}).filter(
    ([name]) => path !== '' || !['apiVersion', 'kind', 'metadata'].includes(name),
  );
  const there = new Map(Object.entries(other?.properties ?? {}));
  return [
    ...fields.flatMap(([name, schema]) =>
      there.has(name)
        ? lackingFields(schema, there.get(name), `${path}.${name}`)
        : [`${path}.${name}`.slice(1)],
    ),
    ...(mine.items === undefined ? [] : lackingFields(mine.items, other?.items, `${path}[]`)),
    ...(typeof mine.additionalProperties === 'object'
      ? lackingFields(mine.additionalProperties, other?.additionalProperties, `${path}.*`)
      : []),
  ];
}
