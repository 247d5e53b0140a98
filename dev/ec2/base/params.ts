import { CloudError, invalidValue } from './errors.ts';

/** Reads the flat, numbered parameters of EC2's Query protocol, and tracks the unread ones. */
export interface Params {
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  /** NAME.1, NAME.2, … */
  list(name: string): string[];
  /** NAME.1.x, NAME.2.x, …: one reader an entry. */
  groups(name: string): Params[];
  /** The unread parameters under one of these names, or under one of them and a dot. */
  rest(names: readonly string[]): Record<string, string>;
  /** @throws CloudError UnknownParameter for what nothing has read: a parameter must not be ignored silently. */
  finish(): void;
}

export function createParams(form: URLSearchParams): Params {
  const unread = new Map(form);
  const all = new Map(form);
  return reader(all, unread, '');
}

function reader(all: ReadonlyMap<string, string>, unread: Map<string, string>, prefix: string): Params {
  const text = (name: string) => {
    unread.delete(prefix + name);
    return all.get(prefix + name);
  };
  const indices = (name: string, rest: string): number[] => {
    const found = new Set<number>();
    const start = `${prefix}${name}.`;
    for (const key of all.keys()) {
      const match = key.startsWith(start) ? /^(\d+)(\.?)/.exec(key.slice(start.length)) : null;
      if (match?.[2] === rest) found.add(Number(match[1]));
    }
    return [...found].sort((a, b) => a - b);
  };
  return {
    text,
    number(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      if (!/^-?\d+$/.test(value))
        throw invalidValue(`Value (${value}) for parameter ${name} is not an integer.`);
      return Number(value);
    },
    flag(name) {
      const value = text(name);
      if (value === undefined || value === 'true' || value === 'false')
        return value === undefined ? undefined : value === 'true';
      throw invalidValue(`Value (${value}) for parameter ${name} must be true or false.`);
    },
    list: (name) => indices(name, '').map((index) => text(`${name}.${index}`) ?? ''),
    groups: (name) => indices(name, '.').map((index) => reader(all, unread, `${prefix}${name}.${index}.`)),
    rest(names) {
      const found: Record<string, string> = {};
      for (const [key, value] of unread)
        if (names.some((name) => key === prefix + name || key.startsWith(`${prefix}${name}.`))) {
          found[key] = value;
          unread.delete(key);
        }
      return found;
    },
    finish() {
      const [unknown] = unread.keys();
      if (unknown !== undefined)
        throw new CloudError('UnknownParameter', `The parameter ${unknown} is not recognized`);
    },
  };
}
