import { prettyFactory } from 'pino-pretty';
import { type Clock, sleep } from '../../src/controller/lib/clock.ts';
import type { Random } from '../../src/controller/lib/random.ts';
import { type OperatorProcess, startOperatorProcess } from '../stack/operatorProcess.ts';
import { type Raised, raiseStack } from '../stack/raise.ts';
import type { Narrator } from '../terminal/narrator.ts';
import { startDashboard } from '../watch/dashboard.ts';
import { takeFolder } from './folder.ts';
import { hints } from './hints.ts';

export interface KeepUpOptions {
  clock: Clock;
  random: Random;
  narrator: Narrator;
  /** How fast time runs; 1 is life size. */
  speed: number;
  folder: string;
  /** Forgets what is in the folder. */
  fresh: boolean;
  logLevel: string;
  /** Aborted when a person wants it to end. */
  signal: AbortSignal;
  onOperator: (operator: OperatorProcess) => void;
}

/** The exit code of an operator that can't use its configuration. */
const BAD_CONFIGURATION = 2;
const RESTART_MS = 1_000;

/** Keeps cluster, cloud, database and operator up until the signal aborts; state stays in the folder. */
export async function keepUp(options: KeepUpOptions): Promise<void> {
  const { narrator, folder, fresh, speed } = options;
  const giveBack = await takeFolder(folder, fresh);
  try {
    narrator.step(`A database, a cluster and a cloud, kept in ${folder}`);
    const onError = (text: string) => narrator.plain(text.trim(), 'bad');
    const stack = await raiseStack({ ...options, onError });
    try {
      narrator.print(
        speed === 1
          ? 'life size'
          : `time runs ${speed} times as fast: a second lasts ${Math.round(1000 / speed)} ms`,
      );
      const page = await startDashboard({ ...options, kubeconfigPath: stack.kubeconfigPath });
      try {
        narrator.step('The operator');
        await keepOperator(options, stack, page.url);
      } finally {
        await page.stop();
      }
    } finally {
      narrator.step('Stopping; what there is stays for the next time');
      await stack.stop();
    }
  } finally {
    await giveBack();
  }
}

/** Starts it again whenever it ends, so that it can be killed at any moment. */
async function keepOperator(options: KeepUpOptions, stack: Raised, pageURL: string): Promise<void> {
  const { clock, narrator, logLevel, signal } = options;
  const pretty = prettyLogs();
  let explained = false;
  while (!signal.aborted) {
    const operator = startOperatorProcess(
      { ...stack.operatorEnv, WORKSPACE_LOG_LEVEL: logLevel },
      (line, text) => {
        narrator.plain(pretty(line, text));
        if (line.msg !== 'started' || explained) return;
        explained = true;
        explain(narrator, stack, pageURL, operator.pid);
      },
    );
    options.onOperator(operator);
    narrator.print(`process ${operator.pid} starts`);
    const end = () => void operator.end('SIGTERM');
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const code = await operator.ended;
    signal.removeEventListener('abort', end);
    if (signal.aborted) return;
    if (code === BAD_CONFIGURATION)
      throw new Error('the operator refuses its configuration; what it said is above');
    narrator.plain(`The operator ended (${code ?? 'killed'}); it is started again.`, 'bad');
    await sleep(clock, RESTART_MS, signal);
  }
}

function explain(narrator: Narrator, stack: Raised, pageURL: string, pid: number): void {
  narrator.plain();
  narrator.plain('In your browser', 'bold');
  narrator.plain(`  ${pageURL}`);
  for (const { heading, lines } of hints(stack)) {
    narrator.plain();
    narrator.plain(heading, 'bold');
    for (const line of lines) narrator.plain(`  ${line}`);
  }
  narrator.plain();
  narrator.plain(`kill -9 ${pid} crashes the operator, which is then started again. Ctrl-C ends it all.`);
  narrator.plain();
}

/** One line each, without what only a search through many of them needs. */
function prettyLogs(): (line: object, text: string) => string {
  const pretty = prettyFactory({
    colorize: process.stdout.isTTY && !process.env.NO_COLOR,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'config,controller,reconcileID,component,uid,lease,identity,term,resource,version',
  });
  return (line, text) => ('time' in line ? pretty(line).trimEnd() : text);
}
