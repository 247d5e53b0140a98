/** The browser's clock: the page takes time from here alone, and a browser's test sets `Date.now`. */

/** Wall time, ms since the Unix epoch. */
export function now(): number {
  return Date.now();
}

/** Runs the work again and again, until the page is closed. */
export function every(ms: number, work: () => void): void {
  setInterval(work, ms);
}
