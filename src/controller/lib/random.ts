import { randomBytes, randomInt } from 'node:crypto';

/** Everything random that the operator uses; a test passes a seeded one. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  bytes(length: number): Buffer;
}

export const systemRandom: Random = Object.freeze({
  next: () => randomInt(2 ** 47) / 2 ** 47,
  bytes: (length: number) => randomBytes(length),
});
