import { createKeyRing, KEY_KINDS, type KeyEntry } from '../../src/gateway/keys.ts';
import type { LiveKeyRing } from '../../src/gateway/liveKeys.ts';

/** Keys of every kind with these ids; what is not among them is gone. */
export function keysWith(
  ids: readonly string[],
  bytes: (kind: string, id: string) => Buffer,
): Pick<LiveKeyRing, 'current' | 'get' | 'isGone'> {
  const entries = KEY_KINDS.flatMap((kind) =>
    ids.map((id): KeyEntry => ({ kind, id, number: Number(id.slice(1)), key: bytes(kind, id) })),
  );
  const ring = createKeyRing(entries, 'the test');
  return { ...ring, isGone: async (kind, id) => ring.get(kind, id) === undefined };
}
