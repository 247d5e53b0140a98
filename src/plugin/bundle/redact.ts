import { formsOf } from '../../reconcilers/workspace/redact/secretForms.ts';

export const MARK = '[redacted]';
/** As many characters in a row of a longer value are too many: it may be wrapped, cut off or printed in pieces. */
const PIECE = 8;
/** Shorter values are words and numbers that occur by chance: taking them out would leave no log readable. */
const SHORTEST = 6;
/** Characters of all values in all encodings, beyond which texts are left out instead of searched. */
const MOST_CHARACTERS = 16_000_000;
/** Words of DSNs, and ours: a piece of them gives nothing away. */
const PUBLIC =
  'postgres postgresql:// https:// http:// workspace workspaces workspace-operator compute.molecule.ai localhost ' +
  'sslmode= verify-full amazonaws.com .svc.cluster.local true false Running Stopped password';

/** From its telling word on: what stands before that stays anyway, and to look for it takes the square of a long word's time. */
const SECRET_NAME = String.raw`(?:passw(?:or)?d|secret|token|credential|api[-_]?key|access[-_]?key|private[-_]?key|authorization)[\w.-]{0,64}`;
const BETWEEN = String.raw`\\*["']?(?:\s*[:=]\s*|%3[ad])(?:\\*["'])?`;
/** Patterns of credentials, for values that nothing else knows. Each takes time linear in its text. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [
    /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[\s\S]{0,16000}?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|$)/g,
    MARK,
  ],
  // Up to the last @, as URLs are read.
  [/\b([a-z][a-z0-9+.-]{0,31}(?::\/\/|%3A%2F%2F))[^\s/"']{1,500}(@|%40)/gi, `$1${MARK}$2`],
  [/\b(bearer|basic)(\s+|%20)[^\s,;"'\\]+/gi, `$1$2${MARK}`],
  [new RegExp(`(${SECRET_NAME})(${BETWEEN})[^\\s"',;&{}[\\]\\\\]+`, 'gi'), `$1$2${MARK}`],
  [/\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}/g, MARK],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, MARK],
  // Credentials of the gateway: a ticket, or a session.
  [/\b[ts]1\.[a-z0-9]{1,16}\.[\w.-]{20,}/g, MARK],
];
/** Hexadecimal as long as a key of 128 bits; digests that say what they are, and commits, are none. */
const HEX = /(?<!sha256:|commit["'\\:= ]{1,6}|[\w-])[0-9a-f]{32,}(?![\w-])/gi;
const RUN = /[\w+/=-]{20,}/g;
const LEAST_BITS = 3.5;

export interface Redactor {
  /** Without known values and what looks like a credential. */
  text(text: string): string;
  /** Without known values alone: for names, reasons and stamps. */
  name(text: string): string;
  /** Whether a known value is in it, whole, in any encoding. */
  holds(text: string): boolean;
  /** There is too much to search for: texts must be left out. */
  isTooMuch: boolean;
}

/**
 * @param values what must not be in the bundle, such as those of Secrets
 * @param names what everybody may see, such as the names of objects: pieces of values that are also in there stay
 */
export function createRedactor(values: Iterable<Buffer>, names: Iterable<string> = []): Redactor {
  const pieces = new Set<string>();
  const whole = new Set<string>();
  let characters = 0;
  for (const value of values) {
    if (value.length < SHORTEST) continue;
    for (const form of formsOf(value)) {
      const lower = lowerCase(form);
      characters += lower.length;
      if (characters > MOST_CHARACTERS) break;
      if (lower.length >= SHORTEST) whole.add(lower);
      for (let at = 0; at + PIECE <= lower.length; at += 1) pieces.add(lower.slice(at, at + PIECE));
    }
  }
  const isTooMuch = characters > MOST_CHARACTERS;
  for (const name of [PUBLIC, ...names]) {
    const lower = lowerCase(name);
    for (let at = 0; at + PIECE <= lower.length; at += 1) pieces.delete(lower.slice(at, at + PIECE));
  }
  for (const form of whole) if (isPublic(form)) whole.delete(form);
  const short = [...whole].filter((form) => form.length < PIECE);
  const known = (text: string) => takeOut(text, pieces, short);
  return {
    isTooMuch,
    name: known,
    text: (text) => {
      let clean = known(text);
      for (const [pattern, mark] of PATTERNS) clean = clean.replace(pattern, mark);
      return clean.replace(HEX, MARK).replace(RUN, (run) => (looksRandom(run) ? MARK : run));
    },
    holds: finder(whole),
  };

  /** All its pieces are in names. */
  function isPublic(form: string): boolean {
    if (form.length < PIECE) return lowerCase([PUBLIC, ...names].join(' ')).includes(form);
    for (let at = 0; at + PIECE <= form.length; at += 1)
      if (pieces.has(form.slice(at, at + PIECE))) return false;
    return true;
  }
}

/** Whether a text has any of the forms in it, in a time that does not grow with their number. */
function finder(forms: ReadonlySet<string>): (text: string) => boolean {
  const byStart = new Map<string, string[]>();
  for (const form of forms) {
    const start = form.slice(0, SHORTEST);
    const same = byStart.get(start);
    if (same) same.push(form);
    else byStart.set(start, [form]);
  }
  return (text) => {
    const lower = lowerCase(text);
    for (let at = 0; at + SHORTEST <= lower.length; at += 1)
      if (byStart.get(lower.slice(at, at + SHORTEST))?.some((form) => lower.startsWith(form, at)))
        return true;
    return false;
  };
}

function takeOut(text: string, pieces: ReadonlySet<string>, short: readonly string[]): string {
  if (pieces.size === 0 && short.length === 0) return text;
  const lower = lowerCase(text);
  let clean = '';
  /** Up to where the text is in `clean`, or covered. */
  let done = 0;
  for (let at = 0; at + PIECE <= lower.length; at += 1) {
    if (!pieces.has(lower.slice(at, at + PIECE))) continue;
    if (at > done || !clean.endsWith(MARK)) clean += text.slice(done, at) + MARK;
    done = at + PIECE;
  }
  clean += text.slice(done);
  for (const form of short) clean = withoutWord(clean, form);
  return clean;
}

function withoutWord(text: string, form: string): string {
  const lower = lowerCase(text);
  let [clean, done] = ['', 0];
  for (let at = lower.indexOf(form); at >= 0; at = lower.indexOf(form, at + form.length)) {
    clean += text.slice(done, at) + MARK;
    done = at + form.length;
  }
  return clean + text.slice(done);
}

/** Small and capital letters and digits mixed as no word or name is. */
function looksRandom(run: string): boolean {
  if (!/[a-z]/.test(run) || !/[A-Z]/.test(run) || !/\d/.test(run)) return false;
  const counts = new Map<string, number>();
  for (const character of run) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / run.length) * Math.log2(count / run.length);
  return bits >= LEAST_BITS;
}

/** Of one length with the text, as of other letters than ASCII some change theirs. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
