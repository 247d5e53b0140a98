import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Configuration {
  forbidden: IForbiddenRuleType[];
  options: ICruiseOptions & { enhancedResolveOptions: Record<string, unknown> };
}
const configuration: Configuration = createRequire(import.meta.url)('../.dependency-cruiser.cjs');

/** Who imports whom, and the rules that forbid it. */
const IMPORTS: [from: string, to: string, rules: string[]][] = [
  ['src/main.ts', 'src/reconcilers/workspace/observe/observe.ts', []],
  ['src/reconcilers/workspace/observe/observe.ts', 'src/ec2/calls/port.ts', []],
  ['src/ec2/calls/port.ts', 'src/api/kind.ts', []],
  ['src/gateway/server.ts', 'src/controller/lib/clock.ts', []],
  ['src/reconcilers/workspace/decide/decide.ts', 'src/api/kind.ts', []],
  ['dev/cloud.ts', 'src/ec2/calls/port.ts', []],
  ['test/support.ts', 'dev/cloud.ts', []],
  ['src/controller/clock.test.ts', 'test/support.ts', []],
  ['src/controller/cache/store.ts', 'src/api/kind.ts', ['controller-knows-nothing-of-ours']],
  ['src/api/digest.ts', 'src/controller/lib/clock.ts', ['api-knows-only-itself']],
  ['src/ec2/observe/sweep.ts', 'src/gateway/server.ts', ['ec2-and-gateway-look-down-only']],
  ['src/gateway/routes.ts', 'src/ec2/calls/port.ts', ['ec2-and-gateway-look-down-only']],
  [
    'src/gateway/handler.ts',
    'src/reconcilers/workspace/observe/observe.ts',
    ['ec2-and-gateway-look-down-only'],
  ],
  ['src/reconcilers/workspace/decide/launch/arm.ts', 'src/controller/lib/clock.ts', ['decide-is-pure']],
  [
    'src/reconcilers/workspace/decide/report/ready.ts',
    'src/reconcilers/workspace/observe/observe.ts',
    ['decide-is-pure'],
  ],
  ['src/reconcilers/workspace/act/act.ts', 'src/config/config.ts', ['reconcilers-do-not-wire']],
  ['src/operator/operator.ts', 'src/main.ts', ['nobody-imports-main']],
  ['src/ec2/client.ts', 'dev/cloud.ts', ['src-without-dev-and-test']],
  ['src/agent/files.ts', 'test/support.ts', ['src-without-dev-and-test']],
];
const CYCLE = ['dev/hen.ts', 'dev/egg.ts'] as const;

describe('the import rules', () => {
  let folder: string;
  let result: ICruiseResult;

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'workspace-imports-')));
    const imports = [...IMPORTS, [...CYCLE, []], [CYCLE[1], CYCLE[0], []]] as const;
    const sources = new Map<string, string>();
    for (const [from, to] of imports) {
      const path = relative(dirname(from), to);
      const name = path.startsWith('.') ? path : `./${path}`;
      sources.set(from, `${sources.get(from) ?? ''}import type { Thing } from '${name}';\n`);
      sources.set(to, sources.get(to) ?? '');
    }
    for (const [path, text] of sources) {
      await mkdir(join(folder, dirname(path)), { recursive: true });
      await writeFile(join(folder, path), `${text}export type Thing = string;\n`);
    }
    const { forbidden, options } = configuration;
    const { enhancedResolveOptions, ...rest } = options;
    const { output } = await cruise(
      ['src', 'dev', 'test'],
      { ...rest, baseDir: folder, validate: true, ruleSet: { forbidden } },
      enhancedResolveOptions,
    );
    if (typeof output === 'string') throw new Error('expected a result');
    result = output;
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('see TypeScript: with no parser for it they would pass on nothing', () => {
    expect(result.summary.totalCruised).toBeGreaterThan(IMPORTS.length);
  });

  it.each(IMPORTS)('%s → %s breaks %j', (from, to, rules) => {
    const broken = result.summary.violations.filter(
      (violation) => violation.from === from && violation.to === to,
    );
    expect(broken.map(({ rule }) => rule.name).sort()).toEqual(rules);
  });

  it('refuse a cycle, even of types alone', () => {
    const cycles = result.summary.violations.filter(({ rule }) => rule.name === 'no-circular');
    expect(cycles.map(({ from }) => from)).toHaveLength(1);
    expect(CYCLE).toContain(cycles[0]?.from);
  });
});
