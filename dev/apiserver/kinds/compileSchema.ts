import { Environment } from '@marcbachmann/cel-js';
import { applyDefaults, prune } from '../schema/admit.ts';
import { declareType } from '../schema/cel/celTypes.ts';
import { compileRules, type RuleNode, validateRules } from '../schema/cel/celValidate.ts';
import { compilePattern } from '../schema/pattern.ts';
import type { Structural } from '../schema/structural.ts';
import { validateStructure } from '../schema/structure.ts';
import { blocksRules, RULES_NOT_CHECKED } from '../schema/typeErrors.ts';
import { clone, equal, isObject } from '../values/json.ts';
import type { CompiledSchema, JsonObject, JsonValue } from '../values/kinds.ts';

/** What rules at the root may see besides the schema's own properties. */
const envelope: Record<string, Structural> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
};

/**
 * @param kind names the CEL types in messages
 * @param path where the schema stands in its CRD
 * @throws Error with one line when a pattern, a default or a rule is wrong
 */
export function compileSchema(schema: Structural, kind: string, path: string): CompiledSchema {
  checkNodes(schema, path);
  const rules = rulesOf(schema, kind, path);
  return {
    admit(object, keepNulls) {
      const unknown: string[] = [];
      const pruned = prune(schema, object, '', unknown, true);
      applyDefaults(schema, pruned, keepNulls);
      return { object: requireObject(pruned), unknown };
    },
    validate(object, old) {
      const causes = validateStructure(schema, object, old, '');
      if (!rules) return causes;
      if (causes.some(blocksRules)) return [...causes, RULES_NOT_CHECKED];
      return [...causes, ...validateRules(rules, object, old, '')];
    },
  };
}

function requireObject(value: JsonValue): JsonObject {
  if (!isObject(value)) throw new TypeError('a resource is an object');
  return value;
}

function rulesOf(schema: Structural, kind: string, path: string): RuleNode | undefined {
  // Of Kubernetes' list library; the package has only the language's own functions.
  const env = new Environment().registerFunction('list<int>.sum(): int', (list: readonly bigint[]) =>
    [...list].reduce((sum, item) => sum + item, 0n),
  );
  const root = { ...schema, properties: { ...schema.properties, ...envelope } };
  return compileRules(env, root, declareType(env, root, kind), path);
}

/** Patterns must compile, and defaults must be what admission would store. */
function checkNodes(schema: Structural, path: string): void {
  if (schema.pattern !== undefined) {
    try {
      compilePattern(schema.pattern);
    } catch (cause) {
      throw new Error(
        `${path}.pattern: Invalid value: must be a valid regular expression, but isn't: ${cause}`,
      );
    }
  }
  if (schema.default !== undefined) checkDefault(schema, schema.default, path);
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    checkNodes(property, `${path}.properties[${key}]`);
  }
  if (schema.items) checkNodes(schema.items, `${path}.items`);
  if (typeof schema.additionalProperties === 'object') {
    checkNodes(schema.additionalProperties, `${path}.additionalProperties`);
  }
}

function checkDefault(schema: Structural, value: JsonValue, path: string): void {
  const unknown: string[] = [];
  const pruned = prune(schema, value, '', unknown, false);
  if (!equal(pruned, value)) {
    throw new Error(`${path}.default: Invalid value: must not have unknown fields: ${unknown.join(', ')}`);
  }
  const filled = clone(value);
  applyDefaults(schema, filled);
  const [cause] = validateStructure(schema, filled, undefined, 'default');
  if (cause) throw new Error(`${path}.${cause.field}: ${cause.message}`);
}
