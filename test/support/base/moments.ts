import type { MonoMs, MonoReading, WallMs, WallReading } from '../../../src/controller/lib/time.ts';

/** A test is its own clock: what it says is a moment. */
export const wallMs = (ms: number) => ms as WallReading;
export const monoMs = (ms: number) => ms as MonoReading;

type Retimed<T, Kept> = T extends WallMs | MonoMs
  ? (T & Kept) | number
  : T extends (...args: never[]) => unknown
    ? T
    : T extends ReadonlyMap<infer K, infer V>
      ? ReadonlyMap<K, Retimed<V, Kept>>
      : T extends object
        ? { [K in keyof T]: Retimed<T[K], Kept> }
        : T;

/** The same with numbers allowed for moments. */
export type Loose<T> = Retimed<T, unknown>;

/** The same with numbers for moments. */
export type Plain<T> = Retimed<T, never>;

export const plain = <T>(value: T) => value as unknown as Plain<T>;

/** The same calls, to be made with numbers for moments. */
export type LooseCalls<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: Extract<Loose<A>, unknown[]>) => R
    : T[K];
};
