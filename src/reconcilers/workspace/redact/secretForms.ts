/** Bytes encoded in one go: in all encodings they take about a millisecond. */
const CHUNK = 8_192;
/** The overlap of two chunks, bytes: more than any eight characters of any encoding stand for, so that no piece falls between two. */
const OVERLAP = 64;

/** A value in every encoding in which a program commonly prints it, chunk by chunk. */
export function* formsOf(value: Buffer): Generator<string> {
  for (let from = 0; from === 0 || from + OVERLAP < value.length; from += CHUNK - OVERLAP) {
    yield* formsOfChunk(value.subarray(from, from + CHUNK));
  }
}

function* formsOfChunk(chunk: Buffer): Generator<string> {
  const raw = chunk.toString();
  yield raw;
  yield* raw.split(/\r?\n/);
  yield JSON.stringify(raw).slice(1, -1);
  yield encodeURIComponent(raw);
  yield chunk.toString('hex');
  for (const shift of [0, 1, 2]) yield* shiftedBase64(chunk, shift);
}

/** Inside longer base64 text a value begins at any of three offsets; characters that also hold neighbours' bits are left out. */
function* shiftedBase64(value: Buffer, shift: number): Generator<string> {
  const bytes = Buffer.concat([Buffer.alloc(shift), value]);
  const [from, to] = [shift === 0 ? 0 : 4, Math.floor(bytes.length / 3) * 4];
  yield bytes.toString('base64').slice(from, to);
  yield bytes.toString('base64url').slice(from, to);
}
