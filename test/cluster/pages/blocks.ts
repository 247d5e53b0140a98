import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'docs', 'install');

const FENCED = /^( *)```(\w*)\n(.*?)^ *```$/gms;

/** A page of docs/install, by its name without `.md`. */
export interface Page {
  name: string;
  /** What a reader pastes into a shell, in order. */
  commands: readonly string[];
  /** Whole commands of kubectl and Helm within its sentences; those of the plugin have tests of their own. */
  inline: readonly string[];
  /** Its examples in YAML, in order. */
  yaml: readonly string[];
}

/** @param language of the fence; '' for commands */
function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(FENCED)]
    .filter(([, , of]) => of === language)
    .map(([, indent = '', , body = '']) => body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

/** Every page. */
export async function pagesOfInstall(): Promise<Page[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.md')).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(FOLDER, name), 'utf8');
      const sentences = text.replaceAll(FENCED, '');
      return {
        name: name.slice(0, -3),
        commands: blocksOf(text, ''),
        inline: [...sentences.matchAll(/`((?:kubectl(?! workspace)|helm)(?: [^` ]+){2,})`/g)].map(
          ([, it = '']) => it,
        ),
        yaml: blocksOf(text, 'yaml'),
      };
    }),
  );
}
