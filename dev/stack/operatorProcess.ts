import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
// As a URL: in a path, --import takes # and % for parts of one.
const END_WITH_PARENT = pathToFileURL(join(import.meta.dirname, 'endWithParent.ts')).href;

export type LogLine = Readonly<Record<string, unknown>>;

/** The operator as people run it: a process of its own, which can be killed. */
export interface OperatorProcess {
  pid: number;
  /** Every log line so far. */
  lines: readonly LogLine[];
  /** Resolves with the first line, past or to come, that matches; rejects when the process ends first. */
  line(matches: (line: LogLine) => boolean): Promise<LogLine>;
  /** Ends it with a signal and waits for that. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  ended: Promise<number | null>;
}

export function startOperatorProcess(
  env: Record<string, string>,
  onLine: (line: LogLine, text: string) => void = () => undefined,
  args: readonly string[] = [],
): OperatorProcess {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--import', END_WITH_PARENT, MAIN, ...args], {
    env: { PATH, HOME, ...env },
    // Its own process group: Ctrl-C in a terminal is for us, who end it in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('the operator was started without pipes');
  const lines: LogLine[] = [];
  const waiting = new Set<{
    matches: (line: LogLine) => boolean;
    resolve(line: LogLine): void;
    reject(error: Error): void;
  }>();
  let words = '';
  const reader = createInterface({ input: stdout });
  reader.on('line', (text) => {
    const line = parseLine(text);
    lines.push(line);
    onLine(line, text);
    for (const waiter of waiting) {
      if (!waiter.matches(line)) continue;
      waiting.delete(waiter);
      waiter.resolve(line);
    }
  });
  stderr.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-4000);
    const line = { level: 'error', msg: text.trim() };
    lines.push(line);
    onLine(line, text.trim());
  });
  let over: Error | undefined;
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      over = new Error(`the operator ended (${code}) before what was waited for: ${words}`);
      for (const waiter of waiting) waiter.reject(over);
      waiting.clear();
      resolve(code);
    });
  });
  return {
    pid: child.pid ?? -1,
    lines,
    line(matches) {
      const past = lines.find(matches);
      if (past) return Promise.resolve(past);
      if (over) return Promise.reject(over);
      return new Promise((resolve, reject) => waiting.add({ matches, resolve, reject }));
    },
    end(signal) {
      child.kill(signal);
      return ended;
    },
    ended,
  };
}

function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: 'error', msg: text };
  }
}
