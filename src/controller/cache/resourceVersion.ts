/**
 * Order of two resourceVersions of one resource: below 0, 0 or above 0.
 * They are decimal numbers that grow with every write (KEP-5504 made comparing them legal); they don't fit in a double.
 */
export function compareResourceVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
