import { changing } from './changing.ts';
import { inspecting } from './inspecting.ts';
import { owning } from './owning.ts';
import { removing } from './removing.ts';
import type { Step } from './step.ts';

/** A session with kubectl, in order. */
export const steps: Step[] = [...changing, ...owning, ...inspecting, ...removing];
