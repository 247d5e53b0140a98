import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'dev', 'main.ts');

/** `npm run demo` or `npm run dev`, without npm between. */
export interface DevCommand {
  child: ChildProcess;
  output(): string;
  /** Resolves with the match once the output has it; rejects when the process ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  ended: Promise<number | null>;
}

/** @param temporary folder for temporary files, so that what is left behind can be seen */
export function runDevCommand(args: readonly string[], temporary: string): DevCommand {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, TMPDIR: temporary, DATABASE_URL: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return follow(child);
}

/** Gathers what a command says. */
export function follow(child: ChildProcessByStdio<null, Readable, Readable>): DevCommand {
  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    child,
    output: () => output,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(output);
          if (found) resolve(found);
        };
        listeners.add(look);
        look();
        void ended.then((code) => reject(new Error(`ended (${code}) before it said ${pattern}:\n${output}`)));
      }),
  };
}

/** Command lines of living processes that hold the text. */
export async function processesNaming(text: string): Promise<string[]> {
  const lines = existsSync('/proc/self/cmdline') ? commandLinesInProc() : await commandLinesOfPs();
  return lines.filter((line) => line.includes(text));
}

/** Without ps, which small images lack. */
function commandLinesInProc(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      // It ended since.
      return [];
    }
  });
}

async function commandLinesOfPs(): Promise<string[]> {
  const child = spawn('ps', ['-eo', 'args'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  return output.split('\n');
}
