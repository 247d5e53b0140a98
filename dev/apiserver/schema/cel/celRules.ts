import type { Environment } from '@marcbachmann/cel-js';
import { forbiddenField, invalidValue, required } from '../../errors/causes.ts';
import type { FieldCause } from '../../values/kinds.ts';
import type { Rule, Structural } from '../structural.ts';
import { duplicate } from '../typeErrors.ts';
import type { CelType } from './celTypes.ts';

/** One entry of `x-kubernetes-validations`, compiled against its node's type. */
export interface CompiledRule {
  /** A transition rule: it holds only between an old value and a new one. */
  usesOldSelf: boolean;
  /** The error when the rule fails; undefined when it holds. */
  check(scope: RuleScope, path: string): FieldCause | undefined;
}

/** The variables of a rule, as CEL values. */
export interface RuleScope {
  self: unknown;
  oldSelf?: unknown;
}

/**
 * @param env knows the types, but neither `self` nor `oldSelf`
 * @param correlatable whether the node has an old value to be found (not under a list without identities)
 * @throws Error with one line when the rule doesn't compile
 */
export function compileRule(
  env: Environment,
  type: CelType,
  schema: Structural,
  rule: Rule,
  path: string,
  correlatable: boolean,
): CompiledRule {
  const alone = env.clone().registerVariable('self', type.name);
  const both = alone.clone().registerVariable('oldSelf', type.name);
  const usesOldSelf = !alone.check(rule.rule).valid;
  const scope = usesOldSelf ? both : alone;
  if (rule.optionalOldSelf)
    throw new Error(`${path}.optionalOldSelf: Forbidden: this server has no optional types`);
  const run = compile(scope, rule.rule, 'bool', `${path}.rule`);
  if (usesOldSelf && !correlatable) {
    throw new Error(
      `${path}.rule: Invalid value: ${JSON.stringify(rule.rule)}: oldSelf cannot be used on the uncorrelatable portion of the schema`,
    );
  }
  const runMessage = rule.messageExpression
    ? compile(scope, rule.messageExpression, 'string', `${path}.messageExpression`)
    : undefined;
  const child = fieldPathSuffix(rule, schema, path);
  const shown = schema.type ?? '';
  const source = rule.message?.trim() || rule.rule.trim();

  return {
    usesOldSelf,
    check(values, at) {
      try {
        if (run(values) === true) return undefined;
      } catch (error) {
        return invalidValue(at, shown, `${summary(error)} evaluating rule: ${source}`);
      }
      const detail =
        evaluateMessage(runMessage, values) ?? rule.message?.trim() ?? `failed rule: ${rule.rule.trim()}`;
      return causeFor(rule.reason, at === '' ? child.slice(1) : `${at}${child}`, shown, detail);
    },
  };
}

function compile(
  env: Environment,
  source: string,
  returns: 'bool' | 'string',
  path: string,
): (scope: RuleScope) => unknown {
  const failed = (why: string) =>
    new Error(`${path}: Invalid value: ${JSON.stringify(source)}: compilation failed: ${why}`);
  const checked = env.check(source);
  if (!checked.valid) throw failed(summary(checked.error));
  if (checked.type !== returns && checked.type !== 'dyn') throw failed(`must evaluate to a ${returns}`);
  const parsed = env.parse(source);
  return (scope) => parsed(scope);
}

/** A message that can't be computed falls back to the fixed one, as in the real server. */
function evaluateMessage(
  run: ((scope: RuleScope) => unknown) | undefined,
  scope: RuleScope,
): string | undefined {
  if (!run) return undefined;
  try {
    const text = run(scope);
    if (typeof text !== 'string') return undefined;
    const trimmed = text.trim();
    return trimmed === '' || trimmed.includes('\n') || trimmed.length > 5120 ? undefined : trimmed;
  } catch {
    return undefined;
  }
}

function causeFor(reason: string | undefined, field: string, shown: string, detail: string): FieldCause {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbiddenField(field, detail);
    case 'FieldValueRequired':
      return required(field, detail);
    case 'FieldValueDuplicate':
      return duplicate(field, shown);
    default:
      return invalidValue(field, shown, detail);
  }
}

/** `fieldPath` is a JSONPath of names alone: `.a.b` or `['a-b']`. */
function fieldPathSuffix(rule: Rule, schema: Structural, path: string): string {
  if (rule.fieldPath === undefined) return '';
  const steps = [...rule.fieldPath.matchAll(/\.([^.[\]]+)|\['((?:[^'\\]|\\.)+)'\]/gy)];
  const at = `${path}.fieldPath: Invalid value: ${JSON.stringify(rule.fieldPath)}:`;
  if (steps.map(([step]) => step).join('') !== rule.fieldPath) throw new Error(`${at} must be a valid path`);
  let node: Structural | undefined = schema;
  let suffix = '';
  for (const [, plain, quoted] of steps) {
    const name = plain ?? quoted?.replaceAll(/\\(.)/g, '$1') ?? '';
    const values: boolean | Structural | undefined = node?.additionalProperties;
    const isMap: boolean = typeof values === 'object';
    node = typeof values === 'object' ? values : node?.properties?.[name];
    if (!node) throw new Error(`${at} does not refer to a valid field`);
    suffix += isMap ? `[${name}]` : `.${name}`;
  }
  return suffix;
}

function summary(error: unknown): string {
  if (error instanceof Error) {
    const own = 'summary' in error && typeof error.summary === 'string' ? error.summary : error.message;
    return own.split('\n')[0] ?? own;
  }
  return String(error);
}
