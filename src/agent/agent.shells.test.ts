import { describe } from 'vitest';
import { lifeOfAgent } from '../../test/support/programs/lifeOfAgent.ts';
import { SHELLS } from '../../test/support/programs/shells.ts';

describe.each(SHELLS)('under %s', lifeOfAgent);
