import { Argument, Command, CommanderError, Option } from 'commander';
import { readBuildInfo, sayBuildInfo } from './buildInfo.ts';
import { type Config, configSchema } from './config.ts';
import { CONFIG_RULES } from './configRules.ts';
import { SETTINGS, type Setting, settingAt } from './settings.ts';

/** The part of the operator that this process runs. */
export type Role = 'all' | 'controller' | 'gateway';

/** Faults of flags and environment: each line names the setting, the fault and the next step. Exit code 2. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly exitCode = 2;
}

export type Invocation =
  | { help: string }
  | ({ role: Role; config: Config } & (
      | { command: 'start' }
      | { command: 'check'; connectTo: string | undefined; output: 'text' | 'json' }
      | { command: 'uninstall-check'; policy: 'Refuse' | 'Keep'; release: string | undefined }
    ));

type Given = ReadonlyMap<string, { value: string; source: string }>;

/**
 * Reads flags, which win, and the environment, in which an empty value counts as none.
 * @param args without the program's own two
 * @throws ConfigError with everything that is wrong
 */
export function parseCommandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Invocation {
  const read = readFlags(args, sayBuildInfo(readBuildInfo(env)));
  if ('help' in read) return read;
  const { invoked, flags } = read;
  // Whether there are Workspaces is asked with a way to the API server alone.
  const needing = invoked.command === 'uninstall-check' ? undefined : invoked.role;
  return { ...invoked, config: validate(gather(flags, env), needing) };
}

/** A setting that this part of the process can't do without. @throws ConfigError when it is missing */
export function need<T>(value: T | undefined, path: string): T {
  if (value === undefined) throw new ConfigError(missing(settingAt(path)));
  return value;
}

type Flags = Record<string, string>;
type Invoked = { invoked: Started; flags: Flags } | { help: string };
type Started = Invocation extends infer T
  ? T extends { config: Config }
    ? Omit<T, 'config'>
    : never
  : never;

const CONNECT_TO = new Option(
  '--connect-to <host:port>',
  'Where the gateway is reached from here; without it where WORKSPACE_GATEWAY_URL says.',
);
const OUTPUT = new Option('--output <format>', 'Lines of text, or of JSON: one a finding, for programs.')
  .choices(['text', 'json'])
  .default('text');
const POLICY = new Option('--policy <policy>', 'Refuse while Workspaces exist, or Keep them.')
  .choices(['Refuse', 'Keep'])
  .default('Refuse');
const RELEASE = new Option(
  '--release <name>',
  'Helm’s name for the release, which a refusal makes deployed again.',
);

function readFlags(args: readonly string[], version: string): Invoked {
  let invoked: Started = { command: 'start', role: 'all' };
  let flags: Flags = {};
  let help = '';
  const start = (role: Role) => (): Started => ({ command: 'start', role });
  const program = command('workspace-operator', 'Controller and gateway in one process.', start('all'));
  const check = command(
    'check',
    'Looks whether everything that a part needs is there, says what is not, and ends.',
    ({ connectTo, output }, [role = 'all']) => ({
      command: 'check',
      role: role as Role,
      connectTo,
      output: output === 'json' ? 'json' : 'text',
    }),
  );
  check.addArgument(new Argument('[part]').choices(['all', 'controller', 'gateway']).default('all'));
  for (const sub of [
    command('controller', 'The controller alone: leader-elected, with rights in AWS.', start('controller')),
    command('gateway', 'The gateway alone: every replica serves, without rights in AWS.', start('gateway')),
    check.addOption(CONNECT_TO).addOption(OUTPUT),
    command(
      'uninstall-check',
      'Refuses, with exit code 3, while Workspaces exist; for a hook before an uninstall.',
      ({ policy, release }) => ({
        command: 'uninstall-check',
        role: 'all',
        policy: policy === 'Keep' ? 'Keep' : 'Refuse',
        release,
      }),
    )
      .addOption(POLICY)
      .addOption(RELEASE),
  ])
    program.addCommand(sub);
  program.version(version, '-V, --version', 'Version, commit and Node.');
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return { help };
    const what = error.message.replace(/^error: /, '');
    throw new ConfigError(`${what}; see --help for the flags there are`);
  }
  return { invoked, flags };

  function command(
    name: string,
    description: string,
    as: (given: Readonly<Partial<Flags>>, args: readonly string[]) => Started,
  ): Command {
    const made = new Command(name).description(description).exitOverride().allowExcessArguments(false);
    made.configureOutput({ writeOut: (text) => (help += text), writeErr: () => {} });
    made.configureHelp({ helpWidth: 110 });
    for (const setting of SETTINGS) made.option(`${setting.flag} <value>`, helpText(setting));
    made.action((...given: unknown[]) => {
      const self = made;
      // Flags before the subcommand's name are the program's, and count as well.
      flags = { ...self.parent?.opts<Flags>(), ...self.opts<Flags>() };
      invoked = as(
        flags,
        given.filter((one) => typeof one === 'string'),
      );
    });
    return made;
  }
}

function helpText({ description, env, default: value, secret }: Setting): string {
  return `${description} (env: ${env}${value === undefined || secret ? '' : `, default: ${value}`})`;
}

function gather(flags: Record<string, string>, env: Readonly<Record<string, string | undefined>>): Given {
  const given = new Map<string, { value: string; source: string }>();
  for (const { path, flag, env: name } of SETTINGS) {
    const attribute = flag.slice(2).replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    const flagged = flags[attribute];
    const set = env[name];
    if (flagged !== undefined) given.set(path, { value: flagged, source: `${flag} (${name})` });
    else if (set !== undefined && set !== '') given.set(path, { value: set, source: `${name} (${flag})` });
  }
  return given;
}

function validate(given: Given, role: Role | undefined): Config {
  const input: Record<string, Record<string, string>> = {};
  for (const { group, key, path } of SETTINGS) {
    const at = given.get(path);
    input[group] ??= {};
    if (at) Object.assign(input[group], { [key]: at.value });
  }
  const parsed = configSchema.safeParse(input);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => fault(given, issue.path.join('.'), issue.message)).join('\n'),
    );
  }
  const config = freeze(parsed.data);
  const faults = CONFIG_RULES.filter((rule) => !rule.holds(config)).map(
    ({ setting, fault: why }) => `${settingAt(setting).flag} (${settingAt(setting).env}) ${why}`,
  );
  const set = (setting: Setting) => given.has(setting.path);
  const lacking = SETTINGS.filter((setting) => isNeeded(setting, role) && !set(setting)).map(missing);
  if (faults.length + lacking.length > 0) throw new ConfigError([...lacking, ...faults].join('\n'));
  return config;
}

function isNeeded({ neededBy }: Setting, role: Role | undefined): boolean {
  if (role === undefined) return false;
  return neededBy !== undefined && (role === 'all' || neededBy === 'both' || neededBy === role);
}

function missing({ flag, env, description }: Setting): string {
  return `${flag} (${env}) is not set; set it: ${description}`;
}

function fault(given: Given, path: string, why: string): string {
  const setting = settingAt(path);
  const at = given.get(path);
  const value = setting.secret ? '' : ` is ${JSON.stringify(at?.value.slice(0, 200))}:`;
  return `${at?.source ?? setting.flag}${value} ${why}; give ${setting.values}`;
}

function freeze(config: Config): Config {
  for (const group of Object.values(config)) Object.freeze(group);
  return Object.freeze(config);
}
