/**
 * Names that a shell keeps to itself. Under bash, dash or busybox's ash an assignment to one of the first ends the shell
 * (bash(1), "Shell Variables": readonly; dash: "Illegal number"). On the next ones bash acts: it computes with the value of
 * `RANDOM` and the like, and so runs a command in a subscript (`a[$(…)]`); `BASH_ARGV0` becomes `$0`; `BASH_XTRACEFD` closes a
 * file. The others no shell hands on to a program.
 */
export const SHELL_NAMES: ReadonlySet<string> = new Set([
  'BASHOPTS',
  'BASH_VERSINFO',
  'EUID',
  'HISTCMD',
  'OPTIND',
  'PPID',
  'SHELLOPTS',
  'SRANDOM',
  'UID',
  'RANDOM',
  'BASH_ARGV0',
  'BASH_COMPAT',
  'BASH_XTRACEFD',
  'IFS',
  'PWD',
]);

/**
 * Settings that only the operator and the class may give an agent (docs/agent-protocol.md). Agents of earlier releases take such a
 * variable for the setting, so a tenant's Secret could choose a command that runs as root.
 */
export const AGENT_NAMES: ReadonlySet<string> = new Set([
  'WORKSPACE_GATEWAY',
  'WORKSPACE_UID',
  'WORKSPACE_NUMBER',
  'WORKSPACE_TICKET',
  'WORKSPACE_ROOT',
  'WORKSPACE_COMMAND',
  'WORKSPACE_USER',
  'WORKSPACE_URL',
  'WORKSPACE_MAX_BACKOFF',
  'WORKSPACE_RESTART_HOOK',
  'WORKSPACE_RESTART_AT',
  'WORKSPACE_RESTART_CAUSE',
  'WORKSPACE_RESTART_CHANGED',
  'WORKSPACE_INTERRUPTION_HOOK',
  'WORKSPACE_INTERRUPTION_POLL',
  'WORKSPACE_INTERRUPTION_ACTION',
  'WORKSPACE_INTERRUPTION_AT',
]);
