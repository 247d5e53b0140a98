import { expect, test } from 'vitest';
import { keysWith } from '../support/workspace/keys.ts';
import { type Code, PRESENT } from './operator.ts';
import { loadCode, releases } from './releases.ts';

const keys = keysWith(['k1', 'k2'], (id) => Buffer.alloc(32, id));
const claim = { clusterID: 'c-1', uid: 'u-1', number: 3 };

function accepts(reader: Code, writer: Code): void {
  const ticket = writer.createTicket(keys.current('ticket'), claim);
  expect(reader.verifyTicket(keys, ticket, claim)).toBe(true);
  expect(reader.verifyTicket(keys, ticket, { ...claim, number: 4 })).toBe(false);
  const session = writer.createSession(keys.current('session'), claim);
  expect(reader.verifySession(keys, claim.clusterID, session)).toMatchObject({
    uid: claim.uid,
    number: claim.number,
  });
  expect(reader.verifySession(keys, 'c-2', session)).toBeUndefined();
}

test.each(releases)(
  'instances that %s let in are let in by this release, and the other way round',
  async (release) => {
    const earlier = await loadCode(release);
    accepts(PRESENT, earlier);
    accepts(earlier, PRESENT);
  },
);
