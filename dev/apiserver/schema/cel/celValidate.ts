import type { Environment } from '@marcbachmann/cel-js';
import { equal, isObject } from '../../values/json.ts';
import type { FieldCause, JsonValue } from '../../values/kinds.ts';
import { correlate } from '../correlate.ts';
import type { Structural } from '../structural.ts';
import { type CompiledRule, compileRule } from './celRules.ts';
import type { CelType } from './celTypes.ts';

/** The part of a schema that carries rules: its own, and those of the nodes below it. */
export interface RuleNode {
  schema: Structural;
  type: CelType;
  rules: CompiledRule[];
  properties: Map<string, RuleNode>;
  items?: RuleNode;
  values?: RuleNode;
}

/**
 * @returns undefined when neither the node nor anything below it has a rule
 * @throws Error with one line when a rule doesn't compile
 */
export function compileRules(
  env: Environment,
  schema: Structural,
  type: CelType,
  path: string,
  correlatable = true,
): RuleNode | undefined {
  const rules = (schema['x-kubernetes-validations'] ?? []).map((rule, index) =>
    compileRule(env, type, schema, rule, `${path}.x-kubernetes-validations[${index}]`, correlatable),
  );
  const within = correlatable && schema['x-kubernetes-map-type'] !== 'atomic';
  const properties = new Map<string, RuleNode>();
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const field = type.fields?.get(key);
    const below = field && compileRules(env, property, field, `${path}.properties[${key}]`, within);
    if (below) properties.set(key, below);
  }
  const element = type.element;
  const values =
    element && typeof schema.additionalProperties === 'object'
      ? compileRules(env, schema.additionalProperties, element, `${path}.additionalProperties`, within)
      : undefined;
  const items =
    element && schema.items
      ? compileRules(
          env,
          schema.items,
          element,
          `${path}.items`,
          correlatable && schema['x-kubernetes-list-type'] === 'map',
        )
      : undefined;
  if (rules.length === 0 && properties.size === 0 && !items && !values) return undefined;
  return { schema, type, rules, properties, items, values };
}

/**
 * Evaluates every rule. Transition rules need an old value; the others say nothing about what hasn't changed.
 * @param unchanged whether the nearest ancestor that has an old value equals it
 */
export function validateRules(
  node: RuleNode,
  value: JsonValue,
  old: JsonValue | undefined,
  path: string,
  unchanged = false,
): FieldCause[] {
  if (value === null) return [];
  const before = old === null ? undefined : old;
  const same = before === undefined ? unchanged : equal(value, before);
  const causes: FieldCause[] = [];
  const wanted = node.rules.filter((rule) => (rule.usesOldSelf ? before !== undefined : !same));
  if (wanted.length > 0) {
    const self = node.type.of(value);
    const scope = before === undefined ? { self } : { self, oldSelf: node.type.of(before) };
    for (const rule of wanted) {
      const cause = rule.check(rule.usesOldSelf ? scope : { self }, path);
      if (cause) causes.push(cause);
    }
  }
  if (Array.isArray(value)) {
    const items = node.items;
    if (!items) return causes;
    const oldOf = correlate(node.schema, before);
    return causes.concat(
      ...value.map((item, index) =>
        validateRules(items, item, oldOf(item, index), `${path}[${index}]`, same),
      ),
    );
  }
  if (!isObject(value)) return causes;
  for (const [key, item] of Object.entries(value)) {
    const below = node.properties.get(key) ?? node.values;
    if (!below) continue;
    const at = node.values ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const was = isObject(before) ? before[key] : undefined;
    causes.push(...validateRules(below, item, was, at, same));
  }
  return causes;
}
