import type { Lines } from '../../../src/ec2/lines/lines.ts';

/** Empty lines: each place has its turn at once. */
export function createOpenLines(): Lines {
  return { ask: () => ({ inMs: 0, ahead: 0 }), commit: () => true, spend: () => true, passed: () => false };
}
