import { expect, test } from 'vitest';
import { digestEnvironment, mergeEnvironment } from './environment.ts';
import { AGENT_NAMES, SHELL_NAMES } from './reservedNames.ts';

const KEY = { id: 'k1', key: Buffer.alloc(32, 1) };

function merge(names: Iterable<string>, env: readonly string[] = []) {
  const data = new Map([...names].map((name) => [name, Buffer.from('x')]));
  return mergeEnvironment(
    {
      envFrom: [{ secretRef: { name: 's', optional: false } }],
      env: env.map((name) => ({ name, value: 'x' })),
    },
    new Map([['s', data]]),
  );
}

test('names that a shell keeps, and settings of the agent, are left out and listed', () => {
  const merged = merge(['GOOD', 'UID', 'WORKSPACE_COMMAND', 'WORKSPACE_NAME'], ['OPTIND', 'WORKSPACE_USER']);
  expect([...merged.served.keys()]).toEqual(['GOOD', 'WORKSPACE_NAME']);
  expect(merged.leftOut).toEqual([
    { source: 'env/OPTIND', why: 'ShellName' },
    { source: 'env/WORKSPACE_USER', why: 'AgentName' },
    { source: 's/UID', why: 'ShellName' },
    { source: 's/WORKSPACE_COMMAND', why: 'AgentName' },
  ]);
});

test('the digest covers what is left out, so that an upgrade replaces no instance', () => {
  const { variables } = merge(['GOOD', ...SHELL_NAMES, ...AGENT_NAMES]);
  expect([...variables.keys()].sort()).toEqual(['GOOD', ...SHELL_NAMES, ...AGENT_NAMES].sort());
  expect(digestEnvironment(KEY, merge(['GOOD', 'UID']).variables)).not.toBe(
    digestEnvironment(KEY, merge(['GOOD']).variables),
  );
});
