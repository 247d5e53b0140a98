import { describe, expect, test } from 'vitest';
import { mergeEnvironment, type SecretData } from './environment.ts';
import { gatherSecrets, MOST_ENVIRONMENT_BYTES } from './gather.ts';

const most = MOST_ENVIRONMENT_BYTES;
const refs = (...names: string[]) => names.map((name) => ({ secretRef: { name } }));
const data = (values: Record<string, number>): SecretData =>
  new Map(Object.entries(values).map(([name, bytes]) => [name, Buffer.alloc(bytes, name)]));

async function gather(
  envFrom: string[],
  secrets: Record<string, SecretData>,
  env: { name: string; value: string }[] = [],
) {
  const spec = { envFrom: refs(...envFrom), env };
  const gathered = await gatherSecrets(spec, async (name) => secrets[name], { most, stopAt: 'end' });
  return { spec, ...gathered };
}

describe('the limit of an environment', () => {
  test.each([-1, 0, 1])('is met exactly: %d bytes beyond it', async (beyond) => {
    // One value for a Secret and one for spec.env, each with its name and the sign between.
    const env = [{ name: 'PLAIN', value: 'é'.repeat(1_000) }];
    const rest = most - ('PLAIN='.length + 2_000) - 'KEY='.length;
    const secrets = { own: data({ KEY: rest + beyond }) };
    const { bytes, contents, spec } = await gather(['own'], secrets, env);
    expect(bytes).toBe(most + beyond);
    const { variables } = mergeEnvironment(spec, contents);
    expect(variables.get('KEY')?.length).toBe(beyond > 0 ? undefined : rest + beyond);
  });

  test('what a later Secret or spec.env overrides counts for nothing, and merges as if all had been read', async () => {
    const secrets = {
      one: data({ A: most, B: 3 }),
      two: data({ A: 4, C: most - 100 }),
      three: data({ C: 5 }),
    };
    const env = [{ name: 'B', value: 'plain' }];
    const { bytes, contents, spec } = await gather(['one', 'two', 'three', 'one', 'two'], secrets, env);
    const all = new Map(Object.entries(secrets));
    const gathered = mergeEnvironment(spec, contents).variables;
    const wanted = mergeEnvironment(spec, all).variables;
    expect([...gathered.keys()].sort()).toEqual([...wanted.keys()].sort());
    // Of a megabyte each, so that they are compared as bytes and not as lists of numbers.
    for (const [name, value] of wanted) expect(gathered.get(name)?.equals(value)).toBe(true);
    expect(bytes).toBe('A=B=C='.length + 'plain'.length + 4 + most - 100);
  });
});
