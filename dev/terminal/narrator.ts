import { stripVTControlCharacters, styleText } from 'node:util';
import type { Clock, Timer } from '../../src/controller/lib/clock.ts';

export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface NarratorOptions {
  out: Output;
  clock: Clock;
  /** Default: at a terminal, unless NO_COLOR is set. */
  color?: boolean;
}

/** Prints a story as it happens, each line with the time since the beginning. */
export interface Narrator {
  /** What comes next. */
  step(text: string): void;
  /** What happened. */
  print(text: string, look?: Look): void;
  /** The command that a person would type for it. */
  command(text: string): void;
  /** Without a time: tables, headings, empty lines. */
  plain(text?: string, look?: Look): void;
  /** Prints repeatedly that it waits, so that it does not seem to hang; rejects as the work does. */
  waiting<T>(what: () => string, work: Promise<T>): Promise<T>;
}

export type Look = 'good' | 'bad' | 'dim' | 'bold';

const STYLES = { good: 'green', bad: 'red', dim: 'dim', bold: 'bold' } as const;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** Longest silence where no spinner can turn. */
const SILENCE_MS = 2_500;
const MARGIN = 9;

export function createNarrator({ out, clock, color }: NarratorOptions): Narrator {
  const live = out.isTTY === true;
  const colored = color ?? (live && !process.env.NO_COLOR);
  const startedAt = clock.monotonic();
  let spoken = startedAt;
  let spinner: (() => string) | undefined;

  const paint = (text: string, look?: Look) =>
    look && colored ? styleText(STYLES[look], text, { validateStream: false }) : text;
  const stamp = () => `${((clock.monotonic() - startedAt) / 1000).toFixed(1)} s`.padStart(MARGIN - 2);

  function line(text: string): void {
    out.write(live ? `\r\x1b[2K${text}\n` : `${text}\n`);
    spoken = clock.monotonic();
    turn();
  }

  // The next line overwrites the spinner's.
  function turn(): void {
    if (!live || !spinner) return;
    const frame = FRAMES[Math.floor(clock.monotonic() / FRAME_MS) % FRAMES.length];
    const text = `${stamp()}  ${frame} ${spinner()}`;
    const width = out.columns || 80;
    out.write(`\r\x1b[2K${paint(text.length < width ? text : `${text.slice(0, width - 2)}…`, 'dim')}`);
  }

  return {
    step(text) {
      line('');
      line(`${paint(stamp(), 'dim')}  ${paint(text, 'bold')}`);
    },
    print(text, look) {
      const [first = '', ...rest] = wrap(text, Math.min(out.columns || 110, 110) - MARGIN - 2);
      line(`${paint(stamp(), 'dim')}    ${paint(first, look)}`);
      for (const more of rest) line(`${' '.repeat(MARGIN + 4)}${paint(more, look)}`);
    },
    command(text) {
      line(`${' '.repeat(MARGIN)}  ${paint(`$ ${text}`, 'dim')}`);
    },
    plain(text = '', look) {
      line(paint(text, look));
    },
    async waiting(what, work) {
      let timer: Timer | undefined;
      const tick = () => {
        turn();
        if (!live && clock.monotonic() - spoken >= SILENCE_MS) line(`${stamp()}    … ${what()}`);
        timer = clock.setTimeout(tick, FRAME_MS);
      };
      const before = spinner;
      spinner = what;
      tick();
      try {
        return await work;
      } finally {
        timer?.cancel();
        spinner = before;
        if (live) out.write('\r\x1b[2K');
      }
    },
  };
}

function wrap(text: string, width: number): string[] {
  const indent = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  let current = '';
  for (const word of text.trimStart().split(' ')) {
    if (current !== '' && stripVTControlCharacters(`${current} ${word}`).length > width) {
      lines.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current].map((line) => indent + line);
}
