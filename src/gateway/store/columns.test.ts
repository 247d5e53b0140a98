import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/gateway/postgres.ts';
import { textArray } from './columns.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.release());

test('Postgres reads any text as it was written', async () => {
  const special = fc.constantFrom(
    '',
    '"',
    '\\',
    ',',
    '{',
    '}',
    '{}',
    'NULL',
    'null',
    ' ',
    '\n',
    '\\"',
    'ü',
    '🜁',
  );
  const text = fc
    .array(fc.oneof(special, fc.string({ unit: 'grapheme' })), { maxLength: 5 })
    .map((all) => all.join(''));
  // A text column takes no NUL.
  const storable = text.map((it) => it.replaceAll('\0', '')).filter((it) => it.isWellFormed());
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(storable, { nil: undefined }), { maxLength: 8 }), async (texts) => {
      const [row] = await database.query('SELECT to_json($1::text[]) AS texts', [textArray(texts)]);
      expect(row?.texts).toEqual(texts.map((it) => it ?? null));
    }),
    { numRuns: 60 },
  );
});
