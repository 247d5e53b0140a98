import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { Clock } from '../controller/lib/clock.ts';
import { plainText, withPlainText } from '../controller/lib/plainText.ts';
import { type Random, systemRandom } from '../controller/lib/random.ts';
import { ASKS, ask } from './asks.ts';
import { again, type Cli, EXIT, type Flags, kubectlFor, type Terminal } from './base/cli.ts';
import { CLASSES, type Kubectl, WORKSPACES } from './base/kubectl.ts';
import { watchLooks } from './base/look.ts';
import { addSupportBundle } from './bundle/command.ts';
import { addCanary } from './canary/command.ts';
import { completions, SCRIPT } from './completion.ts';
import { addDashboard } from './dashboard/command.ts';
import { addDoctor } from './doctor/command.ts';
import { awsCommand, runCommand, showCommand } from './instance.ts';
import type { SeenClass, SeenWorkspace } from './views/seen.ts';
import { listText, rolloutText, statusText, whyText } from './views/text.ts';
import { rolloutOf, VIEW_VERSION, viewOf } from './views/views.ts';

/** The subcommands that have a folder of their own. */
const MORE = [addDoctor, addSupportBundle, addCanary, addDashboard];

/** @returns the program, and the exit code that its last command came to */
export function createProgram(
  clock: Clock,
  terminal: Terminal,
  random: Random = systemRandom,
): { program: Command; code(): number } {
  let code: number = EXIT.done;
  const program = new Command('kubectl-workspace').description(
    'Looks at Workspaces and asks things of them, through your own kubectl.',
  );
  program.exitOverride().showHelpAfterError('Try --help.');
  program.version(process.env.WORKSPACE_PLUGIN_VERSION ?? 'development');
  const cli: Cli = {
    clock,
    random,
    terminal,
    command: (name, description) => commandOf(program, name, description),
    format: () => new Option('-o, --output <format>').choices(['json', 'yaml']),
    show,
    look,
    end: (ended) => {
      code = ended;
    },
  };

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

  addLooks(cli);
  addAsks(cli);
  addInstance(cli);
  for (const add of MORE) add(cli);
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

function commandOf(program: Command, name: string, description: string): Command {
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

function addLooks({ command, format, show, look, terminal, end }: Cli): void {
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
          end(views.every(({ why }) => why === undefined) ? EXIT.done : EXIT.notWell);
          return false;
        }
        const view = viewOf(await workspaceOf(kubectl, name), again(flags));
        show(view, (plain) => statusText(plain, terminal), flags);
        end(view.why ? EXIT.notWell : EXIT.done);
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
      end(why ? EXIT.notWell : EXIT.done);
    });

  command('rollout <class>', 'How far the roll-out of a class is, and what halts it')
    .addOption(format())
    .option('-w, --watch', 'looks again every two seconds until it is over or halted')
    .action(async (name: string, flags: Flags) => {
      const kubectl = kubectlFor(flags);
      await look(flags, async () => {
        const view = rolloutOf(await kubectl.get<SeenClass>(['get', CLASSES, name]));
        show(view, rolloutText, flags);
        end(['RolloutHalted', 'Unknown'].includes(view.reason) ? EXIT.notWell : EXIT.done);
        return !['RollingOut', 'Unknown'].includes(view.reason);
      });
    });
}

function addAsks({ clock, command, format, show }: Cli): void {
  for (const [asked, what] of Object.entries(ASKS))
    command(`${asked} <name>`, what.what)
      .addOption(format())
      .action(async (name: string, flags: Flags) => {
        const { namespace = '', said } = await ask(kubectlFor(flags), name, what, clock.now());
        const view = { apiVersion: VIEW_VERSION, kind: 'AskView', name, namespace, asked, said };
        show(view, (plain) => `${plain.name}: ${plain.said}\n`, flags);
      });
}

function addInstance({ command, format, show, terminal, end }: Cli): void {
  for (const [name, kind, what] of [
    ['logs', 'console', 'The console of its instance, by AWS’s CLI'],
    ['ssh', 'session', 'A shell on its instance by SSM Session Manager, by AWS’s CLI'],
  ] as const)
    command(`${name} <name>`, what)
      .option('--print', 'prints the command and runs nothing')
      .addOption(format())
      .action(async (workspace: string, flags: Flags & { print?: boolean }) => {
        const line = awsCommand(kind, await workspaceOf(kubectlFor(flags), workspace));
        if (flags.print || flags.output) {
          const view = { apiVersion: VIEW_VERSION, kind: 'CommandView', name: workspace, command: line };
          show(view, (plain) => `${plain.command.join(' ')}\n`, flags);
        } else {
          const ended = kind === 'console' ? showCommand(line, terminal.write) : runCommand(line);
          end((await ended) === 0 ? EXIT.done : EXIT.failed);
        }
      });
}

function workspaceOf(kubectl: Kubectl, name: string): Promise<SeenWorkspace> {
  return kubectl.get<SeenWorkspace>(['get', WORKSPACES, name]);
}
