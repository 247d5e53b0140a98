/** The record's own value under this name; names that every object inherits, such as `constructor`, don't count. */
export function own<V>(record: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
