import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..', '..');
/** The rule file, for `rule_files` of Prometheus. */
export const RULES = join(ROOT, 'deploy', 'alerts', 'workspace-operator.rules.yaml');

const alert = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});
const rules = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(alert) })),
});
export type Alert = z.output<typeof alert>;

/** The alerts that the project ships. */
export async function readAlerts(): Promise<readonly Alert[]> {
  return rules.parse(parse(await readFile(RULES, 'utf8'))).groups.flatMap((group) => group.rules);
}

/** What PromQL's own words in these rules are; all other words outside of quotes, braces and brackets are metrics. */
const WORDS = new Set(
  'absent and by group histogram_quantile increase last_over_time max min on or rate sum time unless without'.split(
    ' ',
  ),
);

/** One metric that an expression reads, with what it selects by. */
export interface Selected {
  metric: string;
  labels: Readonly<Record<string, string>>;
}

/** The metrics of an expression, of histograms without `_bucket`, `_count` and `_sum`. */
export function metricsOf(expr: string): readonly Selected[] {
  const outside = expr.replaceAll(/\[[^\]]*\]/g, '').replaceAll(/\b(by|on|without) *\([^)]*\)/g, '');
  return [...outside.matchAll(/([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^}]*)\})?/g)].flatMap(
    ([, name = '', selector = '']) => {
      if (WORDS.has(name)) return [];
      const labels = [...selector.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)];
      return {
        metric: name.replace(/_(bucket|count|sum)$/, ''),
        labels: Object.fromEntries(labels.map(([, label = '', value = '']) => [label, value])),
      };
    },
  );
}
