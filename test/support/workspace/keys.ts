import {
  createKeyRing,
  KEY_KINDS,
  type KeyEntry,
  LAUNCH_KEY_KINDS,
} from '../../../src/gateway/access/keys.ts';
import type { LiveKeyRing } from '../../../src/gateway/access/liveKeys.ts';

/** Keys of every kind with these ids; what is not among them is gone. */
export function keysWith(
  ids: readonly string[],
  bytes: (kind: string, id: string) => Buffer,
): Pick<LiveKeyRing, 'current' | 'get' | 'all' | 'isGone'> {
  const kinds = [...KEY_KINDS, ...LAUNCH_KEY_KINDS];
  const entries = kinds.flatMap((kind) =>
    ids.map((id): KeyEntry => ({ kind, id, number: Number(id.slice(1)), key: bytes(kind, id) })),
  );
  const ring = createKeyRing(entries, 'the test', kinds);
  return { ...ring, isGone: async (kind, id) => ring.get(kind, id) === undefined };
}
