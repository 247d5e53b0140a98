import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { createBuildMetrics, readBuildInfo } from './buildInfo.ts';
import { parseCommandLine } from './commandLine.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

test('--version says version, commit and Node, and asks for no setting', () => {
  expect(parseCommandLine(['--version'], { WORKSPACE_BUILD_COMMIT: COMMIT })).toEqual({
    help: `workspace-operator ${manifest.version} (commit ${COMMIT}, Node ${process.versions.node})\n`,
  });
});

test('what is no commit is not shown, least of all a path', () => {
  for (const given of [undefined, '', '/home/someone/src', 'main', 'ABCDEF0', `${COMMIT}\n`])
    expect(readBuildInfo({ WORKSPACE_BUILD_COMMIT: given }).commit).toBe('unknown');
});

test('workspace_build_info has the same as labels, and what the process is', async () => {
  const registry = new Registry();
  createBuildMetrics(registry, readBuildInfo({ WORKSPACE_BUILD_COMMIT: COMMIT }), 'gateway');
  expect(await registry.metrics()).toContain(
    `workspace_build_info{version="${manifest.version}",commit="${COMMIT}",node="${process.versions.node}",part="gateway"} 1`,
  );
});
