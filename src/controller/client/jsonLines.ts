/** A watch's line is one object in its envelope; etcd refuses objects above 1.5 MB. */
const LONGEST_LINE = 32 * 1024 * 1024;

/** Splits a byte stream into its lines and parses each as JSON; blank lines are skipped. Throws a SyntaxError at what is no JSON. */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const pieces = decoder.decode(chunk, { stream: true }).split('\n');
    const rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      parts.push(piece);
      const line = parts.join('');
      parts = [];
      length = 0;
      if (line.trim() !== '') yield JSON.parse(line);
    }
    parts.push(rest);
    length += rest.length;
    if (length > LONGEST_LINE) throw new SyntaxError(`a line is longer than ${LONGEST_LINE} characters`);
  }
  const last = parts.join('') + decoder.decode();
  if (last.trim() !== '') throw new SyntaxError('the stream ended within a line');
}
