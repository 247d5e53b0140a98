import type { Command } from 'commander';
import { CLASSES, WORKSPACES } from './asks.ts';
import { type Kubectl, KubectlError } from './kubectl.ts';

/** kubectl (1.26 and later) asks a program of this name on PATH for completions of the plugin. */
export const SCRIPT = `#!/bin/sh
# Save as kubectl_complete-workspace on PATH, executable.
exec kubectl workspace __complete "$@"
`;

/** No files, as cobra's directive 4 says. */
const NO_FILES = ':4\n';

/** What may stand in the place of the last word, a line each. */
export async function completions(
  program: Command,
  kubectl: Kubectl,
  words: readonly string[],
): Promise<string> {
  const [name = '', ...rest] = words;
  const last = words.at(-1) ?? '';
  const commands = program.commands.map((it) => it.name()).filter((it) => it !== '__complete');
  let candidates: string[] = [];
  if (rest.length === 0) candidates = commands;
  else if (commands.includes(name))
    candidates = await namesOf(kubectl, name === 'rollout' ? CLASSES : WORKSPACES);
  return [...candidates.filter((it) => it.startsWith(last)), NO_FILES].join('\n');
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
