import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { workspaceSpec } from '../../src/api/kinds/workspace.ts';
import { workspaceClassSpec } from '../../src/api/kinds/workspaceClass.ts';
import { workspaceClasses, workspaces } from './support.ts';

const object = z.record(z.string(), z.json());
const secret = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Secret'),
  metadata: z.strictObject({ name: z.string(), namespace: z.string() }),
  type: z.literal('Opaque'),
  stringData: z.record(z.string(), z.string()),
});

async function example(name: string) {
  const text = await readFile(new URL(`../../deploy/examples/${name}.yaml`, import.meta.url), 'utf8');
  return object.parse(parse(text));
}

it.each([
  ['class', workspaceClasses, workspaceClassSpec],
  ['workspace', workspaces, workspaceSpec],
])('the example %s.yaml is accepted whole', async (name, kind, spec) => {
  const found = await example(name);
  expect(kind.refusals(found)).toEqual([]);
  expect(kind.unknown(found)).toEqual([]);
  expect(spec.strict().safeParse(found.spec).success).toBe(true);
});

it('the examples name one another', async () => {
  const [klass, workspace, env] = await Promise.all([
    example('class'),
    example('workspace'),
    example('secret'),
  ]);
  const { metadata } = secret.parse(env);
  const { className, envFrom } = workspaceSpec.parse(workspace.spec);
  expect(klass.metadata).toMatchObject({ name: className });
  expect(envFrom.map(({ secretRef }) => secretRef.name)).toEqual([metadata.name]);
  expect(workspace.metadata).toMatchObject({ namespace: metadata.namespace });
});
