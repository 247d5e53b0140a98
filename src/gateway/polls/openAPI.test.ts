import { readFile } from 'node:fs/promises';
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { namesOf } from '../../api/base/table.ts';
import { READY_REASONS } from '../../api/reasons/reasons.ts';
import { openAPI, openAPIRoute } from './openAPI.ts';

const document = openAPI() as {
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  components: { schemas: Record<string, { properties: Record<string, Record<string, unknown>> }> };
};

test('the gateway serves the document that docs hold, without a credential', async () => {
  const server = fastify();
  openAPIRoute(server);
  const answer = await server.inject({ url: '/v1/openapi.json' });
  const committed = await readFile(new URL('../../../docs/openapi.json', import.meta.url), 'utf8');
  expect(answer.json()).toEqual(JSON.parse(committed));
  await server.close();
});

test('every reference leads to a component, and every operation says how it fails', () => {
  const text = JSON.stringify(document);
  const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  expect(names).not.toEqual([]);
  expect(text.match(/\$ref/g)).toHaveLength(names.length);
  for (const name of names) expect(Object.keys(document.components.schemas)).toContain(name);
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  for (const { responses } of operations)
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '401', '403', '429', '503']));
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
});

test('availability is closed, and the reasons are open: a later release may add some', () => {
  const { availability, reason } = document.components.schemas.Workspace?.properties ?? {};
  expect(availability?.enum).toEqual(['Ready', 'Restarting', 'Unknown', 'Dead']);
  expect(reason).not.toHaveProperty('enum');
  expect(reason?.examples).toEqual(expect.arrayContaining(namesOf(READY_REASONS)));
  expect(JSON.stringify(document.components)).not.toContain('additionalProperties');
});
