import { randomBytes } from 'node:crypto';

/** A secret value that occurs nowhere by chance, with characters that every encoding treats in its own way. */
export function createCanary(): string {
  return `canary"'\\/+ü ${randomBytes(18).toString('base64')}`;
}

/** The ways in which a value can hide in text; one that is no text itself has fewer. */
function encodings(canary: string | Buffer): string[] {
  const bytes = Buffer.from(canary);
  // Inside longer base64 text a value begins at any of three offsets; its inner part looks the same each time.
  const shifted = [0, 1, 2].map((pad) =>
    Buffer.concat([Buffer.alloc(pad), bytes])
      .toString('base64')
      .slice(pad === 0 ? 0 : 4, -4),
  );
  const anyway = [bytes.toString('hex'), bytes.toString('base64url').slice(0, -2), ...shifted];
  if (typeof canary !== 'string') return anyway;
  return [
    canary,
    canary.slice(-24),
    JSON.stringify(canary).slice(1, -1),
    JSON.stringify(JSON.stringify(canary)).slice(1, -1),
    encodeURIComponent(canary),
    ...anyway,
  ];
}

/** The encodings in which the canary appears in the text. */
export function findCanary(canary: string | Buffer, text: string): string[] {
  const lower = text.toLowerCase();
  return encodings(canary).filter((form) => text.includes(form) || lower.includes(form.toLowerCase()));
}
