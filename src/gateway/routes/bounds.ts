import { z } from 'zod';
import type { WallReading } from '../../controller/lib/time.ts';

/**
 * Bounds of a request's fields, in both formats. Each is within what its column takes, because a row that Postgres
 * refuses would fail the whole batch that it is in.
 */

/** None has a flag, so none remembers where it stopped. */
export const PATTERNS = {
  wholeNumber: /^[0-9]{1,15}$/,
  printable: /^[!-~]*$/,
  environmentDigest: /^[a-z0-9]{1,16}:[0-9a-f]{64}$/,
  /** SHA-256, in hex. */
  contentDigest: /^[0-9a-f]{64}$/,
  httpURL: /^https?:\/\/[!-~]+$/,
} as const;

/** Numbers, and characters of texts. */
export const LARGEST = {
  /** Postgres' integer. */
  integer: 2 ** 31 - 1,
  /** A bigint column; far below 2^53, so that no digit is lost on the way. */
  sequence: 10 ** 14,
  agent: 64,
  environmentDigest: 128,
  contentDigest: 64,
  url: 2048,
} as const;

/** A number; in the line format every field is a string. */
const wholeNumber = (min: number, max: number) =>
  z
    .union([z.int(), z.string().regex(PATTERNS.wholeNumber).transform(Number)])
    .pipe(z.int().min(min).max(max));

/** Printable ASCII: a text column takes no NUL. */
const printable = (most: number) => z.string().max(most).regex(PATTERNS.printable);

export const uid = printable(128).min(1);
export const launchNumber = wholeNumber(1, LARGEST.integer);
export const bootCounter = wholeNumber(1, LARGEST.integer);
export const sequence = wholeNumber(1, LARGEST.sequence);
export const count = wholeNumber(0, LARGEST.integer);
export const agentVersion = printable(LARGEST.agent);
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]);

export const environmentDigest = z.string().max(LARGEST.environmentDigest).regex(PATTERNS.environmentDigest);

export const contentDigest = z.string().regex(PATTERNS.contentDigest);

export const httpURL = z.string().max(LARGEST.url).regex(PATTERNS.httpURL);

const [EARLIEST, LATEST] = [Date.UTC(2000, 0, 1), Date.UTC(9999, 0, 1) - 1];

/**
 * A moment, wall ms, in the years 2000 to 9998. An offset can move a four-digit year out of four digits, and Postgres
 * reads neither the year 0 nor a year with a sign.
 */
export const moment = z.iso
  .datetime({ offset: true })
  .transform((time) => Date.parse(time))
  .pipe(z.number().min(EARLIEST).max(LATEST))
  .transform((ms): WallReading => ms as WallReading);
