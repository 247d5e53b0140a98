/** Short values occur by chance and say nothing. */
const SHORTEST = 4;
const MOST_LINES = 5;
const MOST_CHARACTERS = 400;

/** The last lines of a console without any of the values, in whatever common encoding they were printed. */
export function redactedTail(output: string, values: readonly Buffer[]): string {
  let text = output;
  const forms = values.filter((value) => value.length >= SHORTEST).flatMap(formsOf);
  for (const form of forms.sort((a, b) => b.length - a.length)) text = text.replaceAll(form, '[redacted]');
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines
    .slice(-MOST_LINES)
    .join(' | ')
    .replace(/\p{Cc}/gu, ' ')
    .slice(-MOST_CHARACTERS);
}

function formsOf(value: Buffer): string[] {
  const raw = value.toString();
  const lines = raw.split(/\r?\n/).filter((line) => line.length >= SHORTEST);
  const base64 = value.toString('base64');
  return [
    ...lines,
    raw,
    base64,
    base64.replace(/=+$/, ''),
    value.toString('base64url'),
    value.toString('hex'),
    encodeURIComponent(raw),
    JSON.stringify(raw).slice(1, -1),
  ];
}
