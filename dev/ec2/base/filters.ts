import type { Filter } from '../../../src/ec2/calls/port.ts';
import { CloudError, invalidValue } from './errors.ts';
import type { Tag } from './model.ts';

/** What a resource shows to each filter, by the filter's name; those for tags are besides. */
export type Fields<T> = Readonly<Record<string, (item: T) => readonly string[]>>;

const MAX_VALUES = 200;

/**
 * EC2's filters ("List and filter using the API"): filters are joined by and, their values by or; values are
 * case-sensitive and may hold the wildcards * and ?, a backslash making one literal.
 * `tags` is left out for what has no filters for tags.
 * @throws CloudError InvalidParameterValue for a filter that the resource doesn't have, FilterLimitExceeded beyond 200 values.
 */
export function matcher<T>(
  filters: readonly Filter[],
  fields: Fields<T>,
  tags: ((item: T) => readonly Tag[]) | undefined,
): (item: T) => boolean {
  const values = filters.reduce((sum, filter) => sum + filter.values.length, 0);
  if (values > MAX_VALUES)
    throw new CloudError('FilterLimitExceeded', `The maximum number of filter values is ${MAX_VALUES}`);
  const tests = filters.map((filter) => {
    const read = reader(filter.name, fields, tags);
    const patterns = filter.values.map(pattern);
    return (item: T) => read(item).some((value) => patterns.some((test) => test.test(value)));
  });
  return (item) => tests.every((test) => test(item));
}

function reader<T>(name: string, fields: Fields<T>, tags: ((item: T) => readonly Tag[]) | undefined) {
  if (tags && name === 'tag-key') return (item: T) => tags(item).map((tag) => tag.key);
  if (tags && name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return (item: T) =>
      tags(item)
        .filter((tag) => tag.key === key)
        .map((tag) => tag.value);
  }
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) throw invalidValue(`The filter '${name}' is invalid`);
  return field;
}

function pattern(value: string): RegExp {
  const source = value.replace(/\\[*?\\]|[*?]|[.+^${}()|[\]\\]/g, (found) => {
    if (found === '*') return '[^]*';
    if (found === '?') return '[^]';
    return found.length === 2 ? `\\${found[1]}` : `\\${found}`;
  });
  return new RegExp(`^${source}$`, 'u');
}
