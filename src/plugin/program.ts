import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { Clock } from '../controller/lib/clock.ts';
import { plainText, withPlainText } from '../controller/lib/plainText.ts';
import { ASKS, ask, CLASSES, WORKSPACES } from './asks.ts';
import { completions, SCRIPT } from './completion.ts';
import { awsCommand, runCommand, showCommand } from './instance.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { watchLooks } from './look.ts';
import type { SeenClass, SeenWorkspace } from './views/seen.ts';
import { listText, rolloutText, type Style, statusText, whyText } from './views/text.ts';
import { rolloutOf, VIEW_VERSION, viewOf } from './views/views.ts';
import { quoted } from './views/why.ts';

/** Exit codes: scripts ask for them. */
export const EXIT = { done: 0, failed: 1, usage: 2, notWell: 3 } as const;

export interface Terminal extends Style {
  write(text: string): void;
  /** Clears the screen before each new look. */
  isScreen: boolean;
}

type Format = 'json' | 'yaml' | undefined;

interface Flags {
  namespace?: string;
  context?: string;
  kubeconfig?: string;
  cluster?: string;
  user?: string;
  as?: string;
  asGroup?: string[];
  requestTimeout?: string;
  output?: Format;
  allNamespaces?: boolean;
  watch?: boolean;
  print?: boolean;
}

/** @returns the program, and the exit code that its last command came to */
export function createProgram(clock: Clock, terminal: Terminal): { program: Command; code(): number } {
  let code: number = EXIT.done;
  const program = new Command('kubectl-workspace').description(
    'Looks at Workspaces and asks things of them, through your own kubectl.',
  );
  program.exitOverride().showHelpAfterError('Try --help.');

  function command(name: string, description: string): Command {
    return program
      .command(name)
      .description(description)
      .option('-n, --namespace <name>', 'as kubectl takes it, like all that follow')
      .option('--context <name>')
      .option('--kubeconfig <file>')
      .option('--cluster <name>')
      .option('--user <name>')
      .option('--as <user>')
      .option('--as-group <group>', '', (group: string, all: string[] = []) => [...all, group])
      .option('--request-timeout <duration>');
  }

  const format = () => new Option('-o, --output <format>').choices(['json', 'yaml']);

  /** A status can hold escape sequences that its writer chose: a terminal is shown plain text alone. */
  function show<View extends object>(view: View, textOf: (view: View) => string, flags: Flags): void {
    const { output } = flags;
    const plain = withPlainText(view);
    if (flags.watch && terminal.isScreen) terminal.write('\u001B[2J\u001B[H');
    if (output === 'json') terminal.write(`${JSON.stringify(plain, null, 2)}\n`);
    else terminal.write(output === 'yaml' ? stringify(plain) : textOf(plain));
  }

  /** Looks once, or again and again until `isOver`. */
  async function look(flags: Flags, once: () => Promise<boolean>): Promise<void> {
    if (!flags.watch) return void (await once());
    const failed = ({ message }: Error) => terminal.write(`${plainText(message)}\n`);
    await watchLooks(clock, once, failed);
  }

  command('status [name]', 'One Workspace with its ledger, or a list')
    .addOption(format())
    .option('-A, --all-namespaces')
    .option('-w, --watch', 'looks again every two seconds, or more rarely where a look takes long')
    .action(async (name: string | undefined, flags: Flags) => {
      const kubectl = kubectlFor(flags);
      await look(flags, async () => {
        if (name === undefined) {
          const everywhere = flags.allNamespaces ? ['--all-namespaces'] : [];
          const { items } = await kubectl.get<{ items: SeenWorkspace[] }>(['get', WORKSPACES, ...everywhere]);
          const views = items.map((item) => viewOf(item, again(flags)));
          const list = { apiVersion: VIEW_VERSION, kind: 'WorkspaceViewList', items: views };
          show(list, ({ items: all }) => listText(all), flags);
          code = views.every(({ why }) => why === undefined) ? EXIT.done : EXIT.notWell;
          return false;
        }
        const view = viewOf(await workspaceOf(kubectl, name), again(flags));
        show(view, (plain) => statusText(plain, terminal), flags);
        code = view.why ? EXIT.notWell : EXIT.done;
        return false;
      });
    });

  command('why <name>', 'Why it is not Ready or not up to date, and what to type next')
    .addOption(format())
    .action(async (name: string, flags: Flags) => {
      const { why } = viewOf(await workspaceOf(kubectlFor(flags), name), again(flags));
      const view = { apiVersion: VIEW_VERSION, kind: 'WhyView', name, ...(why && { why }) };
      const textOf = (plain: typeof view) =>
        plain.why ? whyText(plain.why) : `${name} is Ready and up to date.\n`;
      show(view, textOf, flags);
      code = why ? EXIT.notWell : EXIT.done;
    });

  for (const [name, what] of Object.entries(ASKS))
    command(`${name} <name>`, what.what).action(async (workspace: string, flags: Flags) => {
      terminal.write(`${workspace}: ${await ask(kubectlFor(flags), workspace, what, clock.now())}\n`);
    });

  for (const [name, kind, what] of [
    ['logs', 'console', 'The console of its instance, by AWS’s CLI'],
    ['ssh', 'session', 'A shell on its instance by SSM Session Manager, by AWS’s CLI'],
  ] as const)
    command(`${name} <name>`, what)
      .option('--print', 'prints the command and runs nothing')
      .action(async (workspace: string, flags: Flags) => {
        const line = awsCommand(kind, await workspaceOf(kubectlFor(flags), workspace));
        if (flags.print) terminal.write(`${line.join(' ')}\n`);
        else {
          const ended = kind === 'console' ? showCommand(line, terminal.write) : runCommand(line);
          code = (await ended) === 0 ? EXIT.done : EXIT.failed;
        }
      });

  command('rollout <class>', 'How far the roll-out of a class is, and what halts it')
    .addOption(format())
    .option('-w, --watch', 'looks again every two seconds until it is over or halted')
    .action(async (name: string, flags: Flags) => {
      const kubectl = kubectlFor(flags);
      await look(flags, async () => {
        const view = rolloutOf(await kubectl.get<SeenClass>(['get', CLASSES, name]));
        show(view, rolloutText, flags);
        code = ['RolloutHalted', 'Unknown'].includes(view.reason) ? EXIT.notWell : EXIT.done;
        return !['RollingOut', 'Unknown'].includes(view.reason);
      });
    });

  program
    .command('completion')
    .description('Prints what to put on PATH as kubectl_complete-workspace')
    .action(() => terminal.write(SCRIPT));
  program
    .command('__complete [words...]', { hidden: true })
    .allowUnknownOption()
    .action(async (words: string[]) => terminal.write(await completions(program, kubectlFor, words)));
  return { program, code: () => code };
}

function workspaceOf(kubectl: Kubectl, name: string): Promise<SeenWorkspace> {
  return kubectl.get<SeenWorkspace>(['get', WORKSPACES, name]);
}

/** kubectl with the flags that are its own. */
function kubectlFor(flags: Flags): Kubectl {
  const { namespace, requestTimeout } = flags;
  return createKubectl([...given({ namespace, 'request-timeout': requestTimeout }), ...whereAndWho(flags)]);
}

function whereAndWho({ context, kubeconfig, cluster, user, as, asGroup = [] }: Flags): string[] {
  return [...given({ context, kubeconfig, cluster, user, as }), ...asGroup.map((it) => `--as-group=${it}`)];
}

function given(values: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : `--${name}=${value}`));
}

/** What a command to type next ends with, so that it goes to the cluster that was looked at. */
function again(flags: Flags): string {
  return whereAndWho(flags)
    .map((flag) => ` ${quoted(flag)}`)
    .join('');
}
