import { isObject } from '../values/json.ts';
import type { JsonValue } from '../values/kinds.ts';

/** A compiled JSONPath: every value that it selects, in document order. */
export type JsonPath = (root: JsonValue) => JsonValue[];

type Step = (value: JsonValue) => JsonValue[];

const NAME = /^\.((?:[^.[\]\\]|\\.)+)/;
const QUOTED = /^\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/;
const INDEX = /^\[\s*(-?\d+)\s*\]/;
const ALL = /^(?:\[\s*\*\s*\]|\.\*)/;
const FILTER =
  /^\[\?\(\s*@((?:\.[\w-]+)+)\s*(?:(==|!=)\s*(?:'([^']*)'|"([^"]*)"|(true|false|-?\d+(?:\.\d+)?))\s*)?\)\]/;

/**
 * The JSONPath of printer columns: names (`.a.b`, `\.` for a dot in a name, `['a/b']`), indexes, `*`, and filters
 * that ask for a field or compare it with a literal: `[?(@.type=="Ready")]`.
 * @throws Error when the path is anything else
 */
export function compileJsonPath(path: string): JsonPath {
  const steps: Step[] = [];
  let rest = path.replace(/^\$/, '');
  if (rest === '.') rest = '';
  while (rest !== '') {
    const [step, length] = nextStep(rest) ?? [];
    if (!step || !length)
      throw new Error(`unrecognized JSONPath ${JSON.stringify(path)} at ${JSON.stringify(rest)}`);
    steps.push(step);
    rest = rest.slice(length);
  }
  return (root) => steps.reduce<JsonValue[]>((values, step) => values.flatMap(step), [root]);
}

function nextStep(rest: string): [Step, number] | undefined {
  const all = ALL.exec(rest);
  if (all) return [children, all[0].length];
  const name = NAME.exec(rest) ?? QUOTED.exec(rest);
  if (name) return [field((name[1] ?? name[2] ?? '').replaceAll(/\\(.)/g, '$1')), name[0].length];
  const index = INDEX.exec(rest);
  if (index) {
    const at = Number(index[1]);
    return [(value) => (Array.isArray(value) ? present(value.at(at)) : []), index[0].length];
  }
  const filter = FILTER.exec(rest);
  if (!filter) return undefined;
  const [matched, names = '', operator, single, double, literal] = filter;
  const select = compileJsonPath(names);
  const wanted = single ?? double ?? literal ?? '';
  const holds = (item: JsonValue): boolean => {
    const [found] = select(item);
    if (operator === undefined) return found !== undefined;
    if (found === undefined) return false;
    return (String(found) === wanted) === (operator === '==');
  };
  return [(value) => children(value).filter(holds), matched.length];
}

function field(name: string): Step {
  return (value) => (isObject(value) && Object.hasOwn(value, name) ? present(value[name]) : []);
}

function children(value: JsonValue): JsonValue[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

function present(value: JsonValue | undefined): JsonValue[] {
  return value === undefined ? [] : [value];
}
