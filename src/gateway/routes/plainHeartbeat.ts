import type { HeartbeatRequest } from '../handlers/heartbeat.ts';
import { LARGEST, PATTERNS } from './bounds.ts';

/**
 * Reads what nearly every heartbeat in the line format is, without the schemas, which take a tenth of its CPU. The
 * schemas decide: this gives what they give, or undefined, and then they are asked. plainHeartbeat.test.ts holds it to that.
 */
export function plainHeartbeat(body: unknown): HeartbeatRequest | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const fields = body as Readonly<Record<string, unknown>>;
  const number = wholeNumber(fields.number, 1, LARGEST.integer);
  const boot = wholeNumber(fields.boot, 1, LARGEST.integer);
  const seq = wholeNumber(fields.seq, 1, LARGEST.sequence);
  const env = text(fields.env, PATTERNS.environmentDigest, LARGEST.environmentDigest);
  if (number === undefined || boot === undefined || seq === undefined || env === undefined) return undefined;
  const heartbeat: HeartbeatRequest = { number, boot, seq, env, acknowledged: false };
  for (const name in fields) {
    const value = fields[name];
    switch (name) {
      case 'number':
      case 'boot':
      case 'seq':
      case 'env':
        break;
      case 'agent': {
        const agent = text(value, PATTERNS.printable, LARGEST.agent);
        if (agent === undefined) return undefined;
        heartbeat.agent = agent;
        break;
      }
      case 'url': {
        const url = text(value, PATTERNS.httpURL, LARGEST.url);
        if (url === undefined) return undefined;
        heartbeat.url = url;
        break;
      }
      case 'ca': {
        const ca = text(value, PATTERNS.contentDigest, LARGEST.contentDigest);
        if (ca === undefined) return undefined;
        heartbeat.ca = ca;
        break;
      }
      case 'activeTasks': {
        const tasks = wholeNumber(value, 0, LARGEST.integer);
        if (tasks === undefined) return undefined;
        heartbeat.activeTasks = tasks;
        break;
      }
      case 'acknowledged':
        if (value !== 'true') return undefined;
        heartbeat.acknowledged = true;
        break;
      default:
        return undefined;
    }
  }
  return heartbeat;
}

function text(value: unknown, pattern: RegExp, most: number): string | undefined {
  return typeof value === 'string' && value.length <= most && pattern.test(value) ? value : undefined;
}

function wholeNumber(value: unknown, min: number, max: number): number | undefined {
  if (typeof value !== 'string' || !PATTERNS.wholeNumber.test(value)) return undefined;
  const number = Number(value);
  return number >= min && number <= max ? number : undefined;
}
