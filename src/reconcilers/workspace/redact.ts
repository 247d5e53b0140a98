/** Shorter values occur by chance and say nothing. */
const SHORTEST = 4;
/** So much of a longer value is too much: it may be wrapped, cut off or printed in pieces. */
const PIECE = 8;
const MOST_LINES = 5;
const MOST_CHARACTERS = 400;
const MARK = '[redacted]';
/** What the gateway issues: a ticket, or a session. */
const CREDENTIAL = /\b[ts]1\.[a-z0-9]{1,16}\.[A-Za-z0-9_.-]{20,}/g;

/** The last lines of a console without any of the values, nor pieces of them, in whatever common encoding they were printed. */
export function redactedTail(output: string, values: readonly Buffer[]): string {
  const lines = output.split(/\r?\n/).filter((line) => line.trim() !== '');
  // Read from further back than is shown, so that what is cut by the edge is recognised.
  const tail = lines
    .slice(-MOST_LINES)
    .join(' | ')
    .slice(-4 * MOST_CHARACTERS);
  return redact(tail, values.filter((value) => value.length >= SHORTEST).flatMap(formsOf))
    .replace(CREDENTIAL, MARK)
    .replace(/\p{Cc}/gu, ' ')
    .slice(-MOST_CHARACTERS);
}

function redact(text: string, forms: readonly string[]): string {
  const lower = lowerCase(text);
  const covered = new Uint8Array(text.length);
  const known = forms.map(lowerCase).filter((form) => form.length >= SHORTEST);
  for (const form of known.filter(({ length }) => length < PIECE)) {
    for (let at = lower.indexOf(form); at >= 0; at = lower.indexOf(form, at + 1)) {
      covered.fill(1, at, at + form.length);
    }
  }
  const long = known.filter(({ length }) => length >= PIECE).join('\0');
  for (let at = 0; at + PIECE <= lower.length; at += 1) {
    if (long.includes(lower.slice(at, at + PIECE))) covered.fill(1, at, at + PIECE);
  }
  let clean = '';
  for (let at = 0; at < text.length; at += 1) {
    if (!covered[at]) clean += text[at];
    else if (!covered[at - 1]) clean += MARK;
  }
  return clean;
}

/** Hexadecimal and percent-encoding have no case. Other letters stay, as some of them change their length. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function formsOf(value: Buffer): string[] {
  const raw = value.toString();
  return [
    raw,
    ...raw.split(/\r?\n/),
    JSON.stringify(raw).slice(1, -1),
    encodeURIComponent(raw),
    value.toString('hex'),
    ...[0, 1, 2].flatMap((shift) => shiftedBase64(value, shift)),
  ];
}

/** Inside longer base64 text a value begins at any of three offsets; what neighbours share in is left out. */
function shiftedBase64(value: Buffer, shift: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(shift), value]);
  const [from, to] = [shift === 0 ? 0 : 4, Math.floor(bytes.length / 3) * 4];
  return [bytes.toString('base64').slice(from, to), bytes.toString('base64url').slice(from, to)];
}
