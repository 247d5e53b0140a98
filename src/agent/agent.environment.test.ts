import { describe } from 'vitest';
import { environmentLaws } from '../../test/support/programs/environmentLaws.ts';
import { SHELLS } from '../../test/support/programs/shells.ts';

describe.each(SHELLS)('under %s', environmentLaws);
