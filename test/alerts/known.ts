import { metricsDocs } from '../../dev/generate/docs/metricsDocs.ts';

/** The labels of each metric that there is, from its row in the documents, which come from the registry. */
export function knownMetrics(): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...metricsDocs().matchAll(/^\| `([a-z0-9_]+)` \| ([^|]*) \|/gm)].map(([, name = '', labels = '']) => [
      name,
      [...labels.matchAll(/`([a-z_]+)`/g)].map(([, label = '']) => label),
    ]),
  );
}
