import { createHash } from 'node:crypto';

/**
 * The ClientToken of a launch: a pure function of what names the launch, so that any process replays the same one.
 * 64 hex digits, the most that EC2 takes (RunInstances API reference, ClientToken).
 */
export function clientToken(clusterID: string, uid: string, number: number): string {
  return createHash('sha256')
    .update(JSON.stringify([clusterID, uid, number]))
    .digest('hex');
}
