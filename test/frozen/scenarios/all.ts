import type { Scenario } from '../play/stage.ts';
import { deferred, halted, replacing, rolling, verifying } from './changing.ts';
import { deleting, failing, stopped } from './ending.ts';
import { booting, doubt, waiting } from './launching.ts';
import { keys, settled } from './settled.ts';

export const scenarios: readonly Scenario[] = [
  settled,
  keys,
  waiting,
  booting,
  doubt,
  stopped,
  deferred,
  verifying,
  rolling,
  replacing,
  halted,
  failing,
  deleting,
];
