import { createHash } from 'node:crypto';

/**
 * The ClientToken of a launch: a pure function of what names the launch, so that any process replays the same one.
 * 64 hex digits, the most that EC2 takes (RunInstances API reference, ClientToken).
 */
export function clientToken(clusterID: string, uid: string, number: number): string {
  const launch = JSON.stringify([clusterID, uid, number]);
  const known = tokens.get(launch);
  if (known !== undefined) return known;
  const token = createHash('sha256').update(launch).digest('hex');
  if (tokens.size >= MOST_KNOWN) tokens.clear();
  tokens.set(launch, token);
  return token;
}

/** One pass asks several times for each instance. */
const tokens = new Map<string, string>();
const MOST_KNOWN = 1000;
