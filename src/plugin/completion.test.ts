import { expect, test } from 'vitest';
import { systemClock } from '../controller/lib/clock.ts';
import { type Kubectl, KubectlError } from './base/kubectl.ts';
import { completions } from './completion.ts';
import { createProgram } from './program.ts';

async function completed(words: readonly string[], answer: () => string) {
  const asked: object[] = [];
  const { program } = createProgram(systemClock, {
    write: () => undefined,
    tell: () => undefined,
    isScreen: false,
    isColoured: false,
  });
  program.configureOutput({ writeErr: () => expect.fail('a shell would show it') });
  const kubectl = (flags: object): Kubectl => ({
    run: () => expect.fail('names alone are asked for'),
    get: () => expect.fail('names alone are asked for'),
    read: async (args) => {
      asked.push({ ...flags, of: args[1] });
      return answer();
    },
  });
  const text = await completions(program, kubectl, words);
  return { asked, names: text.split('\n').slice(0, -2) };
}

const NAMES = 'workspaces.compute.molecule.ai/ada\nworkspaces.compute.molecule.ai/bob\n';
const WKS = 'workspaces.compute.molecule.ai';

test.each([
  [['why', ''], {}, ['ada', 'bob']],
  [['why', '-n', 'team', '--context=prod', 'a'], { namespace: 'team', context: 'prod' }, ['ada']],
  [['status', '--as', 'x', '--as-group', 'g', 'b'], { as: 'x', asGroup: ['g'] }, ['bob']],
])('%j completes to the names that those flags lead to', async (words, flags, names) => {
  expect(await completed(words, () => NAMES)).toEqual({ asked: [{ ...flags, of: WKS }], names });
});

test.each([
  [['why', 'ada', '']],
  [['why', '-n']],
  [['why', '--dance', 'x']],
  [['completion', '']],
  [['support-bundle', '']],
  [['doctor', '']],
  [['dance', '']],
])('%j completes to nothing, and no API server is asked', async (words) => {
  expect(await completed(words, () => NAMES)).toEqual({ asked: [], names: [] });
});

test('where kubectl fails a shell shows nothing', async () => {
  const fails = () => {
    throw new KubectlError('denied');
  };
  expect((await completed(['why', ''], fails)).names).toEqual([]);
});
