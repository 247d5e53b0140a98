import type { Clock } from '../../../src/controller/lib/clock.ts';
import type { Random } from '../../../src/controller/lib/random.ts';
import type { Definition } from '../kinds/definition.ts';
import type { Store } from '../storage/store.ts';
import type { Registry } from './registry.ts';

/** What every request works on. */
export interface Core {
  store: Store;
  registry: Registry;
  clock: Clock;
  random: Random;
}

/** One object, by the path it was asked for. */
export interface Target {
  definition: Definition;
  /** '' for cluster-scoped kinds. */
  namespace: string;
  name: string;
}

/** RFC 3339 to the second, as metav1.Time is written. */
export function timestamp(clock: Clock): string {
  return `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
}

/** A version 4 UUID. */
export function newUid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** What generateName appends: without vowels, so that it spells nothing. */
export function nameSuffix(random: Random): string {
  return Array.from(
    { length: 5 },
    () => suffixAlphabet[Math.floor(random.next() * suffixAlphabet.length)],
  ).join('');
}
