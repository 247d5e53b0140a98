/** As many characters in a row of a longer value are too many: it may be wrapped, cut off or printed in pieces. */
export const PIECE = 8;

const BASE = 0x01000193;
/** BASE to the power of PIECE - 1, in 32 bits. */
const LEADING = Array.from({ length: PIECE - 1 }).reduce<number>((power) => Math.imul(power, BASE), 1);
const FILTER_BITS = 16;

/**
 * Finds which pieces of a short text occur in long ones: the long text is read once, by a rolling hash (Rabin and Karp,
 * 1987), so that a megabyte costs milliseconds. Compares without regard to the case of ASCII letters.
 */
export function createPieceFinder(text: string): (long: string, found: (at: number) => void) => void {
  const lower = lowerCase(text);
  const places = new Map<string, number[]>();
  /** How many pieces have their hash in each slot: most of a long text is passed over by one look here. */
  const filter = new Uint16Array(1 << FILTER_BITS);
  const count = (hash: number, by: number) => {
    filter[slot(hash)] = (filter[slot(hash)] ?? 0) + by;
  };
  hashes(lower, (at, hash) => {
    const piece = lower.slice(at, at + PIECE);
    const known = places.get(piece);
    if (known) known.push(at);
    else {
      places.set(piece, [at]);
      count(hash, 1);
    }
  });
  return (long, found) => {
    hashes(long, (at, hash) => {
      if (filter[slot(hash)] === 0) return;
      const piece = lowerCase(long.slice(at, at + PIECE));
      const known = places.get(piece);
      if (!known) return;
      for (const place of known) found(place);
      // Each piece is reported once, however often a hostile value repeats it.
      places.delete(piece);
      count(hash, -1);
    });
  };
}

/** Hexadecimal and percent-encoding have no case. Other letters stay, as some of them change their length. */
export function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function hashes(text: string, visit: (at: number, hash: number) => void): void {
  let hash = 0;
  for (let end = 0; end < text.length; end += 1) {
    if (end >= PIECE) hash = (hash - Math.imul(codeAt(text, end - PIECE), LEADING)) | 0;
    hash = (Math.imul(hash, BASE) + codeAt(text, end)) | 0;
    if (end >= PIECE - 1) visit(end - PIECE + 1, hash);
  }
}

function codeAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 65 && code <= 90 ? code + 32 : code;
}

function slot(hash: number): number {
  return Math.imul(hash, 0x9e3779b1) >>> (32 - FILTER_BITS);
}
