import type { Command, Option } from 'commander';
import type { Clock } from '../../controller/lib/clock.ts';
import type { Random } from '../../controller/lib/random.ts';
import { quoted } from '../views/why.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';

/** Exit codes: scripts ask for them. */
export const EXIT = { done: 0, failed: 1, usage: 2, notWell: 3, interrupted: 130 } as const;

export interface Terminal {
  write(text: string): void;
  /** Progress and notes, which are no part of the output. */
  tell(text: string): void;
  /** Clears the screen before each new look. */
  isScreen: boolean;
  /** Whether text is coloured: on a terminal, unless NO_COLOR is set (no-color.org). */
  isColoured: boolean;
}

export interface Flags {
  namespace?: string;
  context?: string;
  kubeconfig?: string;
  cluster?: string;
  user?: string;
  as?: string;
  asGroup?: string[];
  requestTimeout?: string;
  output?: 'json' | 'yaml';
  allNamespaces?: boolean;
  watch?: boolean;
}

/** What a subcommand is made of and with. */
export interface Cli {
  clock: Clock;
  random: Random;
  terminal: Terminal;
  /** A subcommand with the flags that are kubectl's. */
  command(name: string, description: string): Command;
  /** `-o json|yaml` */
  format(): Option;
  /** The view in the format asked for; as text it is `textOf` the view. All of it is plain text. */
  show<View extends object>(view: View, textOf: (view: View) => string, flags: Flags): void;
  /** Looks once, or with `-w` again and again until it resolves to true. */
  look(flags: Flags, once: () => Promise<boolean>): Promise<void>;
  /** The exit code that this command comes to. */
  end(code: number): void;
}

/** kubectl with the flags that are its own. */
export function kubectlFor(flags: Flags): Kubectl {
  return createKubectl(flagsOf(flags));
}

/** The flags that are kubectl's, as it takes them. */
export function flagsOf(flags: Flags): string[] {
  const { namespace, requestTimeout } = flags;
  return [...given({ namespace, 'request-timeout': requestTimeout }), ...whereAndWho(flags)];
}

/** What a command to type next ends with, so that it goes to the cluster that was looked at. */
export function again(flags: Flags): string {
  return whereAndWho(flags)
    .map((flag) => ` ${quoted(flag)}`)
    .join('');
}

function whereAndWho({ context, kubeconfig, cluster, user, as, asGroup = [] }: Flags): string[] {
  return [...given({ context, kubeconfig, cluster, user, as }), ...asGroup.map((it) => `--as-group=${it}`)];
}

function given(values: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : `--${name}=${value}`));
}
