const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/**
 * A duration in at most two units, finer ones while it is short: 90s, 3m15s, 15m, 5h3m, 12h, 3d4h, 12d, 2y40d, 9y
 * (apimachinery, util/duration, HumanDuration).
 * @param ms less than −1 s reads as `<invalid>`
 */
export function humanDuration(ms: number): string {
  if (ms <= -2 * SECOND) return '<invalid>';
  if (ms < 0) return '0s';
  if (ms < 2 * MINUTE) return `${Math.floor(ms / SECOND)}s`;
  if (ms < 10 * MINUTE) return two(ms, MINUTE, 'm', SECOND, 's');
  if (ms < 3 * HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < 8 * HOUR) return two(ms, HOUR, 'h', MINUTE, 'm');
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
  if (ms < 8 * DAY) return two(ms, DAY, 'd', HOUR, 'h');
  if (ms < 2 * YEAR) return `${Math.floor(ms / DAY)}d`;
  if (ms < 8 * YEAR) return two(ms, YEAR, 'y', DAY, 'd');
  return `${Math.floor(ms / YEAR)}y`;
}

function two(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % big) / small);
  return rest === 0
    ? `${Math.floor(ms / big)}${bigName}`
    : `${Math.floor(ms / big)}${bigName}${rest}${smallName}`;
}

/** An RFC 3339 stamp as its age at `now` (ms since the epoch). */
export function ageOf(stamp: string, now: number): string {
  const at = Date.parse(stamp);
  return Number.isNaN(at) ? '<invalid>' : humanDuration(now - at);
}
