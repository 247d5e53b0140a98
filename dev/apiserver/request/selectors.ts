import { badRequest } from '../errors/statusErrors.ts';
import { metaOf, objectAt, stringAt } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';

export type Predicate = (object: JsonObject) => boolean;

const everything: Predicate = () => true;
const term =
  /^\s*(!?)\s*([A-Za-z0-9._/-]+)\s*(?:(==|=|!=)\s*([A-Za-z0-9._-]*)|(in|notin)\s*\(([^()]*)\))?\s*$/;

/** Splits at the commas that aren't inside parentheses. */
function terms(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/);
}

function labelTerm(source: string, whole: string): Predicate {
  const parts = term.exec(source);
  if (parts === null)
    throw badRequest(`unable to parse requirement: found '${source}' in selector '${whole}'`);
  const [, not = '', key = '', operator, value = '', setOperator, set = ''] = parts;
  const label = (object: JsonObject): string | undefined => {
    const found = objectAt(metaOf(object), 'labels')[key];
    return typeof found === 'string' ? found : undefined;
  };
  if (not === '!') {
    if (operator !== undefined || setOperator !== undefined) {
      throw badRequest(`unable to parse requirement: '!' cannot be combined in '${source}'`);
    }
    return (object) => label(object) === undefined;
  }
  if (setOperator !== undefined) {
    const values = new Set(set.split(',').map((item) => item.trim()));
    const wanted = setOperator === 'in';
    // A missing label is "not in" every set, and in none.
    return (object) => {
      const found = label(object);
      return found === undefined ? !wanted : values.has(found) === wanted;
    };
  }
  if (operator === undefined) return (object) => label(object) !== undefined;
  return operator === '!=' ? (object) => label(object) !== value : (object) => label(object) === value;
}

/** A label selector: equality and set terms, joined by commas. Throws a 400. */
export function labelSelector(selector: string | null): Predicate {
  if (selector === null || selector.trim() === '') return everything;
  const all = terms(selector).map((each) => labelTerm(each, selector));
  return (object) => all.every((matches) => matches(object));
}

interface FieldTerm {
  field: string;
  value: string;
  negated: boolean;
}

const fieldTerm = /^\s*([A-Za-z0-9.]+)\s*(==|=|!=)(.*)$/;

/** Terms of a field selector; a backslash escapes a comma, an equals sign or itself in a value. Throws a 400. */
function fieldTerms(selector: string | null): FieldTerm[] {
  if (selector === null || selector.trim() === '') return [];
  return selector.split(/(?<!\\),/).map((source) => {
    const parts = fieldTerm.exec(source);
    if (parts === null) throw badRequest(`invalid selector: '${selector}'; can't understand '${source}'`);
    const [, field = '', operator, value = ''] = parts;
    return { field, negated: operator === '!=', value: value.replaceAll(/\\([\\,=])/g, '$1') };
  });
}

/** The string at a dotted path, '' when there is none: what field selectors compare. */
function fieldValue(object: JsonObject, path: string): string {
  const names = path.split('.');
  const last = names.pop() ?? '';
  const owner = names.reduce((at, name) => objectAt(at, name), object);
  return stringAt(owner, last);
}

/**
 * A field selector over the fields a kind supports; any other field is a 400, as on the server.
 * @param supported name in selectors → path in the stored object
 */
export function fieldSelector(
  selector: string | null,
  supported: Readonly<Record<string, string>>,
): Predicate {
  const all = fieldTerms(selector).map(({ field, value, negated }) => {
    const path = Object.hasOwn(supported, field) ? supported[field] : undefined;
    if (path === undefined) throw badRequest(`field label not supported: ${field}`);
    return { path, value, negated };
  });
  if (all.length === 0) return everything;
  return (object) => all.every((each) => (fieldValue(object, each.path) === each.value) !== each.negated);
}
