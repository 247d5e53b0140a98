declare const clock: unique symbol;

/** A moment of wall time, ms since the Unix epoch: for stamps that people and other processes read. It may jump. */
export interface WallMs {
  readonly [clock]: 'wall';
}

/** A moment of this process's monotonic clock, ms from an arbitrary origin. Safety rests on it. It never goes back. */
export interface MonoMs {
  readonly [clock]: 'monotonic';
}

/**
 * At run time a moment is a number. To the compiler it is none, as two numbers of different clocks could be subtracted
 * and compared: moments of one clock compare with < and >, and only the functions below compute with them. Moments come
 * from a clock or from a stamp, and from nowhere else.
 */
type Moment = WallMs | MonoMs;

/** A clock's reading: also a number, for code that only measures. */
export type WallReading = WallMs & number;
export type MonoReading = MonoMs & number;

const number = (at: Moment) => at as unknown as number;
const moment = <T extends Moment>(ms: number) => ms as unknown as T;

/** The moment `ms` later, or earlier when negative. */
export function plus<T extends Moment>(at: T, ms: number): T {
  return moment<T>(number(at) + ms);
}

/** The ms from one moment to another, negative when that is earlier. */
export function msBetween(from: WallMs, to: WallMs): number;
export function msBetween(from: MonoMs, to: MonoMs): number;
export function msBetween(from: Moment, to: Moment): number {
  return number(to) - number(from);
}

/** The latest of those that are known. */
export function latest(first: WallMs, ...others: (WallMs | undefined)[]): WallMs;
export function latest(first: MonoMs, ...others: (MonoMs | undefined)[]): MonoMs;
export function latest(first: Moment, ...others: (Moment | undefined)[]): Moment {
  return moment(Math.max(number(first), ...others.flatMap((at) => (at === undefined ? [] : [number(at)]))));
}

/** The earliest of those that are known. */
export function earliest(first: WallMs, ...others: (WallMs | undefined)[]): WallMs;
export function earliest(first: MonoMs, ...others: (MonoMs | undefined)[]): MonoMs;
export function earliest(first: Moment, ...others: (Moment | undefined)[]): Moment {
  return moment(Math.min(number(first), ...others.flatMap((at) => (at === undefined ? [] : [number(at)]))));
}

/** RFC 3339 with milliseconds, as statuses have it. @throws RangeError for a moment that is none (NaN). */
export function iso(at: WallMs): string {
  return isoOf(number(at));
}

/** The same of milliseconds since the epoch that no clock here gave. @throws RangeError for NaN. */
export function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** The moment of a stamp. Without one it is NaN, which is neither before nor after anything. */
export function parseStamp(stamp: string | undefined): WallMs {
  return moment<WallMs>(Date.parse(stamp ?? ''));
}
