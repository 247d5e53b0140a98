/** What the record holds under this name; names that every object inherits, such as `constructor`, are not held. */
export function own<V>(record: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
