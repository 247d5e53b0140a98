import { story } from '../virtual/driver/story.ts';
import { ALL_DOWN, tryBroken } from '../virtual/fleet/replicated.ts';

story(
  'one Secret in 300 namespaces is tried by one first, and halts when that one fails, though operators die in the middle',
  ALL_DOWN,
  (world) => tryBroken(world, 300),
);
