import { randomBytes, randomInt } from 'node:crypto';

/** Everything random that the operator uses; a test passes a seeded one. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  bytes(length: number): Buffer;
}

/** A call of the system for each name of a pass or an event would cost more than all else that is done for the name. */
const POOL_BYTES = 4_096;
/** Longer ones are keys, which are not kept ahead. */
const LONGEST_POOLED = 16;

function createPool(): (length: number) => Buffer {
  let pool = Buffer.alloc(0);
  return (length) => {
    if (pool.length < length) pool = randomBytes(POOL_BYTES);
    const taken = Buffer.from(pool.subarray(0, length));
    pool = pool.subarray(length);
    return taken;
  };
}

const pooled = createPool();

export const systemRandom: Random = Object.freeze({
  next: () => randomInt(2 ** 47) / 2 ** 47,
  bytes: (length: number) => (length <= LONGEST_POOLED ? pooled(length) : randomBytes(length)),
});
