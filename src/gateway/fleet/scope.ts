/** What a list or a watch is about: everything, one namespace, or one Workspace. An empty word stands for all. */
export interface Scope {
  namespace: string;
  name: string;
}

export function covers({ namespace, name }: Scope, key: string): boolean {
  if (namespace === '') return true;
  return name === '' ? key.startsWith(`${namespace}/`) : key === `${namespace}/${name}`;
}

/** The place of the first key that is above `after`. */
export function placeAfter(sorted: readonly string[], after: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
