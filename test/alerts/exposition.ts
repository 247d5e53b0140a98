/** One metric as a process exports it. */
export interface Exported {
  type: string;
  /** The labels of each of its series, as they are written. */
  series: string[];
}

/** What is in Prometheus' text format, by metric; series of a histogram are its own. */
export function readExposition(text: string): ReadonlyMap<string, Exported> {
  const metrics = new Map<string, Exported>();
  let last: [string, Exported] | undefined;
  for (const line of text.split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined && type !== undefined) {
      last = [name, { type, series: [] }];
      metrics.set(...last);
    } else if (last && line !== '' && !line.startsWith('#')) {
      last[1].series.push(line.slice(last[0].length).replace(/ \S+$/, ''));
    }
  }
  return metrics;
}
