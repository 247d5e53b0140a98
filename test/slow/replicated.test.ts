import { ALL_DOWN, tryBroken } from '../virtual/replicated.ts';
import { story } from '../virtual/story.ts';

story(
  'one Secret in 300 namespaces is tried by one first, and halts when that one fails, though operators die in the middle',
  ALL_DOWN,
  (world) => tryBroken(world, 300),
);
