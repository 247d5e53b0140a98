import { type Clock, sleep } from '../../../controller/lib/clock.ts';
import { createPieceFinder, lowerCase, PIECE } from './pieces.ts';
import { formsOf } from './secretForms.ts';

/** Shorter values occur by chance and reveal nothing. */
const SHORTEST = 4;
const MOST_LINES = 5;
const MOST_CHARACTERS = 400;
const MARK = '[redacted]';
/** Credentials of the gateway: a ticket, or a session. */
const CREDENTIAL = /\b[ts]1\.[a-z0-9]{1,16}\.[A-Za-z0-9_.-]{20,}/g;
/** The loop is let go after so much work, ms; other Workspaces' passes and the lease's renewal run meanwhile. */
const SLICE_MS = 4;
/** Values of more bytes than this in all are not searched for. An environment has at most as many. */
export const MOST_SECRET_BYTES = 1_048_576;
const WITHHELD = `[withheld: its Secrets hold more than ${MOST_SECRET_BYTES / 1_048_576} MiB, too much to take them out of a console]`;

/**
 * Collects values for redactedTail. It stops only beyond what is searched for, as then the console is withheld: no value may be
 * dropped while others are searched for.
 */
export function createSecretValues() {
  const values: Buffer[] = [];
  let bytes = 0;
  return {
    values,
    add(value: Buffer): void {
      if (value.length < SHORTEST || bytes > MOST_SECRET_BYTES) return;
      bytes += value.length;
      values.push(value);
    },
  };
}

/** The last lines of a console without any of the values, nor pieces of them, in any common encoding. */
export async function redactedTail(output: string, values: readonly Buffer[], clock: Clock): Promise<string> {
  const lines = output.split(/\r?\n/).filter((line) => line.trim() !== '');
  // Read from further back than is shown, so that what is cut by the edge is recognised.
  const tail = lines
    .slice(-MOST_LINES)
    .join(' | ')
    .slice(-4 * MOST_CHARACTERS);
  if (tail === '') return '';
  const secrets = values.filter((value) => value.length >= SHORTEST);
  if (secrets.reduce((sum, { length }) => sum + length, 0) > MOST_SECRET_BYTES) return WITHHELD;
  return redact(tail, await covered(tail, secrets, clock))
    .replace(CREDENTIAL, MARK)
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
    .slice(-MOST_CHARACTERS);
}

async function covered(text: string, values: readonly Buffer[], clock: Clock): Promise<Uint8Array> {
  const cover = new Uint8Array(text.length);
  const lower = lowerCase(text);
  const findPieces = createPieceFinder(text);
  let until = clock.monotonic() + SLICE_MS;
  for (const value of values) {
    for (const form of formsOf(value)) {
      if (form.length >= PIECE) findPieces(form, (at) => cover.fill(1, at, at + PIECE));
      else if (form.length >= SHORTEST) coverWhole(lower, lowerCase(form), cover);
      if (clock.monotonic() < until) continue;
      await sleep(clock, 0);
      until = clock.monotonic() + SLICE_MS;
    }
  }
  return cover;
}

function coverWhole(lower: string, form: string, cover: Uint8Array): void {
  for (let at = lower.indexOf(form); at >= 0; at = lower.indexOf(form, at + 1)) {
    cover.fill(1, at, at + form.length);
  }
}

function redact(text: string, cover: Uint8Array): string {
  let clean = '';
  for (let at = 0; at < text.length; at += 1) {
    if (!cover[at]) clean += text[at];
    else if (!cover[at - 1]) clean += MARK;
  }
  return clean;
}
