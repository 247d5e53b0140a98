import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { RULES, readAlerts } from './rules.ts';
import { scaleRules } from './scaledRules.ts';

const rule = (expr: string, time = '5m') =>
  scaleRules(
    `groups:\n  - name: x\n    rules:\n      - alert: A\n        expr: '${expr}'\n        for: ${time}\n`,
    60,
  );
const scaled = (expr: string, time?: string) => parse(rule(expr, time)).groups[0].rules[0];

describe('a rule file whose times are 60 times as short', () => {
  test.each([
    ['rate(a_total[5m]) > 0.1', 'rate(a_total[5000ms]) > 0.1'],
    ['increase(a_total{outcome="x"}[10m]) > 5', 'increase(a_total{outcome="x"}[10000ms]) > 5'],
    [
      'max by (class) (a_seconds{fixed_by="platform"}) > 900',
      'max by (class) (a_seconds{fixed_by="platform"}) > 15',
    ],
    ['a_seconds > 300', 'a_seconds > 5'],
    ['(not_after_seconds > 0) - time() < 7 * 86400', '(not_after_seconds > 0) - time() < 7 * 86400'],
    ['last_over_time(a_info{part!=""}[1d])', 'last_over_time(a_info{part!=""}[1440000ms])'],
    [
      'sum by (cluster) (a_workspaces{reason="QuotaExceeded"}) > 0',
      'sum by (cluster) (a_workspaces{reason="QuotaExceeded"}) > 0',
    ],
  ])('%s becomes %s', (expr, expected) => {
    expect(scaled(expr).expr).toBe(expected);
  });

  test('holds for a sixtieth of the time', () => {
    expect(scaled('a > 0', '2m').for).toBe('2000ms');
    expect(scaled('a > 0', '1h').for).toBe('60000ms');
  });

  test('refuses what it can’t read, instead of leaving it as long as it is', () => {
    expect(() => rule('a > 0', '1h30m')).toThrow('1h30m is no duration');
    expect(() => rule('a > 0', 'soon')).toThrow('soon is no duration');
  });

  test('of the project keeps every other word of every rule', async () => {
    const text = await readFile(RULES, 'utf8');
    const before = await readAlerts();
    const after = parse(scaleRules(text, 60)).groups.flatMap(({ rules }: { rules: object[] }) => rules);
    const words = ({ expr, for: time, ...rest }: { expr: string; for?: string }) => ({
      ...rest,
      waits: time !== undefined,
      expr: expr.replaceAll(/\d+(ms|s|m|h|d)?/g, '#'),
    });
    expect(after.map(words)).toEqual(before.map(words));
    expect(JSON.stringify(after)).not.toMatch(/\[\d+[mhd]\]|"for":"\d+[mhd]"/);
    expect(parse(scaleRules(text, 1)).groups[0].rules.map(words)).toEqual(before.map(words));
  });
});
