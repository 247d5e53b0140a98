import type { Step } from './step.ts';
import { changing } from './stepsChanging.ts';
import { inspecting } from './stepsInspecting.ts';
import { owning } from './stepsOwning.ts';
import { removing } from './stepsRemoving.ts';

/** A session with kubectl, in order. */
export const steps: Step[] = [...changing, ...owning, ...inspecting, ...removing];
