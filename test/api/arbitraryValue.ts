import fc from 'fast-check';
import type { JsonValue } from '../../dev/apiserver/values/kinds.ts';
import type { SchemaProps } from '../../src/api/base/structural.ts';

/** Values that fit a schema, with a liking for its edges: the longest text, the largest number, characters of two units. */
export function arbitraryValue(schema: SchemaProps): fc.Arbitrary<JsonValue> {
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return arbitraryInteger(schema);
    case 'string':
      return arbitraryText(schema);
    case 'array':
      return fc.array(arbitraryValue(schema.items ?? { type: 'object' }), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 3, 3),
      });
    case 'object':
      return schema.additionalProperties ? arbitraryMap(schema) : arbitraryObject(schema);
  }
}

function arbitraryInteger({ minimum = -1_000, maximum = Number.MAX_SAFE_INTEGER }: SchemaProps) {
  return fc.oneof(fc.constantFrom(minimum, maximum), fc.integer({ min: minimum, max: maximum }));
}

function arbitraryText(schema: SchemaProps): fc.Arbitrary<string> {
  const { enum: words, pattern, format, minLength = 0, maxLength = 10 } = schema;
  if (words) return fc.constantFrom(...words);
  if (format === 'date-time') return fc.constantFrom('2026-01-02T03:04:05Z', '2026-01-02T03:04:05.678+01:00');
  if (pattern) {
    const fits = (text: string) => text.length >= minLength && text.length <= maxLength;
    return fc.stringMatching(new RegExp(pattern), { maxLength: Math.min(maxLength, 40) }).filter(fits);
  }
  const unit = fc.constantFrom('a', 'ü', '𝒲', '🐢', ' ', '\n', '"', '-');
  const short = fc.string({ unit, minLength, maxLength: Math.min(maxLength, minLength + 8) });
  return fc.oneof(short, fc.constantFrom('x'.repeat(maxLength), '🐢'.repeat(maxLength)));
}

function arbitraryMap({ additionalProperties, minProperties = 0, maxProperties = 3 }: SchemaProps) {
  const key = fc.oneof(fc.string({ minLength: 1, maxLength: 8 }), fc.constant('🐢'.repeat(128)));
  const value = arbitraryValue(additionalProperties ?? { type: 'string' });
  // A plain object can't hold this key as its own.
  return fc
    .dictionary(key, value, { minKeys: minProperties, maxKeys: Math.min(maxProperties, 4) })
    .filter((map) => !Object.hasOwn(map, '__proto__'));
}

function arbitraryObject({ properties = {}, required = [] }: SchemaProps): fc.Arbitrary<JsonValue> {
  const fields = Object.entries(properties).map(
    ([name, property]) => [name, arbitraryValue(property)] as const,
  );
  return fc.record(Object.fromEntries(fields), { requiredKeys: required, noNullPrototype: true });
}
