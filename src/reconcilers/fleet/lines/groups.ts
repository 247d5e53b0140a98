import { createLine, type Line } from './line.ts';

/** Keys by namespace, each namespace's in their own order. */
export interface Groups {
  /** How many namespaces have any. */
  readonly count: number;
  readonly length: number;
  change(namespace: string, key: string, by: 1 | -1): void;
  first(namespace: string): string | undefined;
  /** The first key of the first namespace. */
  any(): string | undefined;
  /** The first `count` namespaces, each with its first key. */
  some(count: number): [string, string][];
  sizeOf(namespace: string): number;
  keysOf(namespace: string): string[];
  names(): Iterable<string>;
}

export function createGroups(): Groups {
  const lines = new Map<string, Line>();
  const names = createLine();
  let length = 0;
  const first = (namespace: string) => lines.get(namespace)?.first()?.key;
  const some = (count: number) =>
    names.keys(count).flatMap((namespace): [string, string][] => {
      const key = first(namespace);
      return key === undefined ? [] : [[namespace, key]];
    });
  return {
    get count() {
      return names.length;
    },
    get length() {
      return length;
    },
    change(namespace, key, by) {
      let line = lines.get(namespace);
      if (!line) {
        line = createLine();
        lines.set(namespace, line);
        changeLine(names, namespace, 1);
      }
      const before = line.length;
      changeLine(line, key, by);
      length += line.length - before;
      if (line.length > 0) return;
      lines.delete(namespace);
      changeLine(names, namespace, -1);
    },
    first,
    any: () => some(1)[0]?.[1],
    some,
    sizeOf: (namespace) => lines.get(namespace)?.length ?? 0,
    keysOf: (namespace) => lines.get(namespace)?.keys(Number.POSITIVE_INFINITY) ?? [],
    names: () => lines.keys(),
  };
}

export function changeLine(line: Line, key: string, by: 1 | -1): void {
  if (by > 0) line.add({ order: key, key });
  else line.remove({ order: key, key });
}
