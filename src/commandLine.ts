import { Command, CommanderError } from 'commander';
import { type Config, configSchema } from './config.ts';
import { CONFIG_RULES } from './configRules.ts';
import { SETTINGS, type Setting, settingAt } from './settings.ts';

/** What of the operator this process is to be. */
export type Role = 'all' | 'controller' | 'gateway';

/** What is wrong with flags and environment: each line names the setting, the fault and the next step. Exit code 2. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly exitCode = 2;
}

export type Invocation = { role: Role; config: Config } | { help: string };

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
  const { role, flags, help } = readFlags(args);
  if (help !== undefined) return { help };
  return { role, config: validate(gather(flags, env), role) };
}

/** A setting that this part of the process can't do without. @throws ConfigError when it is missing */
export function need<T>(value: T | undefined, path: string): T {
  if (value === undefined) throw new ConfigError(missing(settingAt(path)));
  return value;
}

function readFlags(args: readonly string[]): { role: Role; flags: Record<string, string>; help?: string } {
  let role: Role = 'all';
  let flags: Record<string, string> = {};
  let help = '';
  const program = command('workspace-operator', 'all', 'Controller and gateway in one process.');
  for (const [name, description] of [
    ['controller', 'The controller alone: leader-elected, with rights in AWS.'],
    ['gateway', 'The gateway alone: every replica serves, without rights in AWS.'],
  ] as const) {
    program.addCommand(command(name, name, description));
  }
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { role, flags, help };
    const what = error.message.replace(/^error: /, '');
    throw new ConfigError(`${what}; see --help for the flags there are`);
  }
  return { role, flags };

  function command(name: string, as: Role, description: string): Command {
    const made = new Command(name).description(description).exitOverride().allowExcessArguments(false);
    made.configureOutput({ writeOut: (text) => (help += text), writeErr: () => {} });
    made.configureHelp({ helpWidth: 110 });
    for (const setting of SETTINGS) made.option(`${setting.flag} <value>`, helpText(setting));
    made.action((_options, self: Command) => {
      role = as;
      // Flags before the subcommand's name are the program's, and count as well.
      flags = { ...self.parent?.opts<Record<string, string>>(), ...self.opts<Record<string, string>>() };
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

function validate(given: Given, role: Role): Config {
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

function isNeeded({ neededBy }: Setting, role: Role): boolean {
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
