import { type Document, isScalar, parseDocument, visit } from 'yaml';

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION = /^(\d+)(ms|s|m|h|d)$/;
/** A range of time that an expression looks back over. */
const RANGE = /\[(\d+(?:ms|s|m|h|d))\]/g;
/** A bound on a duration that the operator exports in seconds. Instants (`time()`) and counts stay as they are. */
const BOUND = /(_seconds(?:\{[^}]*\})?\)*\s*[<>]\s*)(\d+)/g;

/**
 * The text of a rule file whose times are `factor` times as short: how long an expression must hold, how far it looks back,
 * and which duration it takes for too long. A Prometheus that scrapes as much more often then sees in seconds what takes
 * minutes in life. Throws where a duration would be shorter than 1 ms or is not one that Prometheus writes with one unit.
 */
export function scaleRules(text: string, factor: number): string {
  const document: Document = parseDocument(text);
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isScalar<unknown>(value) || typeof value.value !== 'string') return;
      if (key.value === 'for') value.value = scaleDuration(value.value, factor);
      else if (key.value === 'expr') value.value = scaleExpression(value.value, factor);
    },
  });
  return document.toString();
}

function scaleExpression(expr: string, factor: number): string {
  return expr
    .replaceAll(RANGE, (_, range: string) => `[${scaleDuration(range, factor)}]`)
    .replaceAll(BOUND, (_, before: string, seconds: string) => `${before}${Number(seconds) / factor}`);
}

function scaleDuration(text: string, factor: number): string {
  const [, count, unit = ''] = DURATION.exec(text) ?? [];
  const ms = Math.round((Number(count) * (UNITS_MS[unit] ?? Number.NaN)) / factor);
  if (!(ms >= 1)) throw new Error(`${text} is no duration that can be ${factor} times as short`);
  return `${ms}ms`;
}
