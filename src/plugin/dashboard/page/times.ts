import { make } from './dom.ts';

const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const;

/** Such as `3 min ago` or `in 20 s`; empty for no time. */
export function distance(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return '';
  const seconds = Math.round(Math.abs(now - at) / 1_000);
  const [size, unit] = UNITS.find(([size]) => seconds >= size) ?? [1, 's'];
  const text = `${Math.floor(seconds / size)} ${unit}`;
  return at > now ? `in ${text}` : `${text} ago`;
}

/** A time as the reader's clock shows it, with the exact one for machines. */
export function timeOf(iso: string): HTMLTimeElement {
  const at = new Date(iso);
  const text = Number.isNaN(at.getTime())
    ? iso
    : at.toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'medium' });
  return make('time', { text, attributes: { datetime: iso } });
}
