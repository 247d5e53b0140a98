import { type Command, CommanderError } from 'commander';
import { own } from '../api/base/own.ts';
import { CLASSES, type Kubectl, KubectlError, WORKSPACES } from './base/kubectl.ts';

/** kubectl (1.26 and later) asks a program of this name on PATH for completions of the plugin. */
export const SCRIPT = `#!/bin/sh
# Save as kubectl_complete-workspace on PATH, executable.
exec kubectl workspace __complete "$@"
`;

const KINDS: Readonly<Record<string, string>> = { name: WORKSPACES, class: CLASSES };

/** No files, as cobra's directive 4 says. */
const NO_FILES = ':4\n';

/**
 * What may stand in the place of the last word, a line each.
 * @param kubectlOf the kubectl for the flags that the words have, so that names are those of the namespace and cluster meant
 */
export async function completions<Flags extends object>(
  program: Command,
  kubectlOf: (flags: Flags) => Kubectl,
  words: readonly string[],
): Promise<string> {
  const [name = '', ...rest] = words;
  const last = words.at(-1) ?? '';
  const commands = program.commands.filter((it) => it.name() !== '__complete');
  const command = commands.find((it) => it.name() === name);
  let candidates: string[] = [];
  if (rest.length === 0) candidates = commands.map((it) => it.name());
  else if (command && takesName(command, rest))
    candidates = await namesOf(kubectlOf(command.opts<Flags>()), kindOf(command) ?? '');
  return [...candidates.filter((it) => it.startsWith(last)), NO_FILES].join('\n');
}

/** Of which kind the names are that the command takes; undefined where it takes none, or a file's. */
function kindOf({ registeredArguments: [argument] }: Command): string | undefined {
  return argument && own(KINDS, argument.name());
}

/** Whether the last word is the name that the command takes; not where that is there already, or a flag's value is due. */
function takesName(command: Command, words: string[]): boolean {
  if (kindOf(command) === undefined) return false;
  // A shell shows no errors of words that are not whole yet.
  command.configureOutput({ writeErr: () => undefined });
  try {
    const { operands, unknown } = command.parseOptions(words);
    return operands.length === 1 && unknown.length === 0;
  } catch (error) {
    if (error instanceof CommanderError) return false;
    throw error;
  }
}

async function namesOf(kubectl: Kubectl, resource: string): Promise<string[]> {
  try {
    const text = await kubectl.read(['get', resource, '--output=name']);
    return text.split('\n').flatMap((line) => line.split('/').slice(1));
  } catch (error) {
    // A shell shows nothing where there is nothing to ask.
    if (error instanceof KubectlError) return [];
    throw error;
  }
}
