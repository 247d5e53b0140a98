/** Control and format characters (bidi overrides and isolates among them), and separators that break a line. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const ASCII = /^[ -~]*$/;

/**
 * Text that a terminal or a browser shows as it stands: no escape sequence, no change of direction, no hidden character, no
 * half of one. Text from instances, tenants and EC2 may hold all of these.
 */
export function plainText(text: string): string {
  // Nearly all texts are of this kind, and each pass asks for every text of a status.
  if (ASCII.test(text)) return text;
  return text.toWellFormed().replace(UNPRINTABLE, ' ');
}

/** The same of every text in a value, but for those under these names, which must stay byte by byte. The value itself where nothing changes. */
export function withPlainText<T>(value: T, exact: readonly string[] = []): T {
  if (typeof value === 'string') return plainText(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => withPlainText(item, exact));
    return items.every((item, index) => item === value[index]) ? value : (items as T);
  }
  const plain = new Map<string, unknown>();
  for (const [name, item] of Object.entries(value)) {
    const text: unknown = exact.includes(name) ? item : withPlainText(item, exact);
    if (text !== item) plain.set(name, text);
  }
  if (plain.size === 0) return value;
  const entries = Object.entries(value).map(([name, item]) => [
    name,
    plain.has(name) ? plain.get(name) : item,
  ]);
  return Object.fromEntries(entries) as T;
}

/** A line of JSON in which these characters are escapes: the same text to a parser, and harmless to a terminal. */
export function escapedLine(line: string): string {
  return line.replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (found) =>
    Array.from({ length: found.length }, (_, at) => escapeUnit(found.charCodeAt(at))).join(''),
  );
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
