import type { Clock } from '../../../src/controller/lib/clock.ts';
import type { Kubectl } from '../../../src/plugin/base/kubectl.ts';
import { type CanaryView, runCanary } from '../../../src/plugin/canary/runCanary.ts';

export interface PlayedCanary {
  done: Promise<CanaryView>;
  /** What it said so far. */
  told: string[];
}

/** Begins `kubectl workspace canary` for a Workspace canary-1. */
export function playCanary(
  kubectl: Kubectl,
  clock: Clock,
  times: { limitMs: number; watchMs: number },
): PlayedCanary {
  const told: string[] = [];
  const done = runCanary({
    kubectl,
    clock,
    name: 'canary-1',
    className: 'standard',
    ...times,
    signal: new AbortController().signal,
    flags: '',
    tell: (text) => told.push(text),
  });
  done.catch(() => undefined);
  return { done, told };
}
