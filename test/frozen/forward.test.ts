import { test } from 'vitest';
import { follow } from './course.ts';
import { readFrozen, states } from './releases.ts';

test.each(states)(
  'what $release left in $name leads to what it calls for, and to nothing else',
  async (state) => {
    await follow(readFrozen(state));
  },
);
