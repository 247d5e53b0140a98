import { InvalidArgumentError } from 'commander';
import { plainText } from '../../controller/lib/plainText.ts';
import { iso } from '../../controller/lib/time.ts';
import { type Cli, EXIT, type Flags, kubectlFor } from '../base/cli.ts';
import { CannotError } from '../base/kubectl.ts';
import { VIEW_VERSION } from '../views/views.ts';
import { writeFiles } from './archive.ts';
import { collect } from './collect.ts';
import type { LeftOut } from './secretValues.ts';

const LINES = 5_000;
const MOST_LINES = 100_000;

interface BundleFlags extends Flags {
  operatorNamespace?: string;
  secrets: boolean;
  lines: number;
}

interface BundleView {
  apiVersion: typeof VIEW_VERSION;
  kind: 'SupportBundleView';
  path: string;
  at: string;
  files: { path: string; bytes: number }[];
  leftOut: LeftOut[];
}

/** `kubectl workspace support-bundle` */
export function addSupportBundle({ command, clock, terminal, format, show, end }: Cli): void {
  command(
    'support-bundle [path]',
    'Writes what helps others to help, without secrets: a .tar.gz, or a folder',
  )
    .option('--operator-namespace <name>', 'where the operator is; without it all namespaces are searched')
    .option('--lines <n>', 'of each log', linesOf, LINES)
    .option('--no-secrets', 'reads no Secret, not even to take their values out of logs')
    .addOption(format())
    .action(async (given: string | undefined, flags: BundleFlags) => {
      const { namespace, operatorNamespace, secrets, lines, ...others } = flags;
      const at = iso(clock.now());
      const path = given ?? `workspace-support-${at.slice(0, 19).replaceAll(/[-:]/g, '')}.tar.gz`;
      const { files, leftOut } = await collect({
        kubectl: kubectlFor(others),
        namespace,
        operatorNamespace,
        readSecrets: secrets,
        lines,
        versions: {
          plugin: process.env.WORKSPACE_PLUGIN_VERSION ?? 'development',
          node: process.versions.node,
          platform: `${process.platform} ${process.arch}`,
        },
        onStep: (what) => terminal.tell(`reads ${plainText(what)}\n`),
      });
      const contents = files.map((file) => ({ path: file.path, content: Buffer.from(file.text) }));
      const view: BundleView = {
        apiVersion: VIEW_VERSION,
        kind: 'SupportBundleView',
        path,
        at,
        files: contents.map((file) => ({ path: file.path, bytes: file.content.length })),
        leftOut,
      };
      const index = { path: 'INDEX.txt', content: Buffer.from(textOf(view)) };
      try {
        await writeFiles(path, [index, ...contents]);
      } catch (error) {
        throw new CannotError(
          `${path} can’t be written: ${error instanceof Error ? error.message : 'unknown'}; name another`,
        );
      }
      show(view, textOf, flags);
      end(files.length > 0 ? EXIT.done : EXIT.failed);
    });
}

function linesOf(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MOST_LINES)
    throw new InvalidArgumentError(`give a whole number from 1 to ${MOST_LINES}`);
  return value;
}

function textOf({ path, at, files, leftOut }: BundleView): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const lines = [
    `${path}, of ${at}: ${files.length} files, ${bytes} bytes`,
    ...files.map((file) => `${String(file.bytes).padStart(10)}  ${file.path}`),
    '',
    'Never in it: Secrets; values of ConfigMaps, of variables but the operator’s plain settings, of arguments, and of annotations.',
    ...(leftOut.length === 0 ? [] : ['Left out:', ...leftOut.map(({ what, why }) => `  ${what}: ${why}`)]),
  ];
  return `${lines.map(plainText).join('\n')}\n`;
}
