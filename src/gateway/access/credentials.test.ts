import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testKeyRing } from '../../../test/support/gateway/gateway.ts';
import { createSession, createTicket, verifySession, verifyTicket } from './credentials.ts';

const keys = testKeyRing();
const claim = fc.record({
  clusterID: fc.string(),
  uid: fc.string({ minLength: 1 }),
  number: fc.integer({ min: 1 }),
});

test('a ticket is good for its own claim and no other', () => {
  fc.assert(
    fc.property(claim, claim, (mine, other) => {
      const ticket = createTicket(keys.current('ticket'), mine);
      const same = JSON.stringify(mine) === JSON.stringify(other);
      return verifyTicket(keys, ticket, mine) && verifyTicket(keys, ticket, other) === same;
    }),
  );
});

test('a ticket is the same each time it is made', () => {
  const mine = { clusterID: 'c', uid: 'u', number: 1 };
  expect(createTicket(keys.current('ticket'), mine)).toBe(createTicket(keys.current('ticket'), mine));
});

test('moving a character from one field to the next gives another ticket', () => {
  const key = keys.current('ticket');
  const tickets = [
    createTicket(key, { clusterID: 'ab', uid: 'c', number: 1 }),
    createTicket(key, { clusterID: 'a', uid: 'bc', number: 1 }),
    createTicket(key, { clusterID: 'a","b', uid: 'c', number: 1 }),
    createTicket(key, { clusterID: 'a', uid: 'b","c', number: 1 }),
  ];
  expect(new Set(tickets).size).toBe(4);
});

test('a session names its launch, in its own cluster only', () => {
  const uid = '0b6d2f5e-5d43-4c2a-9a36-3f6c0d1b2a10';
  const session = createSession(keys.current('session'), { clusterID: 'c1', uid, number: 7 });
  expect(verifySession(keys, 'c1', session)).toMatchObject({ uid, number: 7 });
  expect(verifySession(keys, 'c2', session)).toBeUndefined();
  expect(verifySession(testKeyRing(), 'c1', session)).toBeUndefined();
});

test('a session that was good is none once its key is forgotten, or another key has its id', () => {
  let key: Buffer | undefined = Buffer.alloc(32, 1);
  const ring = { ...keys, get: () => key };
  const session = createSession({ id: 'k1', key }, { clusterID: 'c1', uid: 'u1', number: 1 });
  for (let i = 0; i < 2; i += 1)
    expect(verifySession(ring, 'c1', session)).toMatchObject({ uid: 'u1', number: 1 });
  key = Buffer.alloc(32, 2);
  expect(verifySession(ring, 'c1', session)).toBeUndefined();
  key = undefined;
  expect(verifySession(ring, 'c1', session)).toBeUndefined();
});

test('no change of a single character leaves a credential good', () => {
  const mine = { clusterID: 'c1', uid: 'u1', number: 1 };
  const session = createSession(keys.current('session'), mine);
  const ticket = createTicket(keys.current('ticket'), mine);
  const altered = (text: string, at: number) =>
    `${text.slice(0, at)}${text[at] === '!' ? '?' : '!'}${text.slice(at + 1)}`;
  const accepted: string[] = [];
  for (let at = 0; at < session.length; at += 1) {
    if (verifySession(keys, 'c1', altered(session, at))) accepted.push(altered(session, at));
  }
  for (let at = 0; at < ticket.length; at += 1) {
    if (verifyTicket(keys, altered(ticket, at), mine)) accepted.push(altered(ticket, at));
  }
  expect(accepted).toEqual([]);
});

test('a session has one spelling: its instance makes no others that are remembered beside it', () => {
  const session = createSession(keys.current('session'), { clusterID: 'c1', uid: 'u1', number: 1 });
  const [version, id, , mac] = session.split('.');
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const payloads = ['["u1", 1]', ' ["u1",1]', '["u1",1.0]', '["u1",1e0]', '["\\u00751",1]'].map(encode);
  const spelled = [...payloads, `${encode('["u1",1]')}A`, `${encode('["u1",1]').slice(0, -1)}R`];
  const accepted = spelled.filter((payload) =>
    verifySession(keys, 'c1', [version, id, payload, mac].join('.')),
  );
  expect(accepted).toEqual([]);
  expect(verifySession(keys, 'c1', session)).toMatchObject({ uid: 'u1', number: 1 });
});

test('a ticket is no session, nor the other way round', () => {
  const mine = { clusterID: 'c1', uid: 'u1', number: 1 };
  const ticket = createTicket(keys.current('ticket'), mine);
  const session = createSession(keys.current('session'), mine);
  expect(verifySession(keys, 'c1', ticket)).toBeUndefined();
  expect(verifyTicket(keys, session, mine)).toBe(false);
});

test('nothing that a stranger sends is more than refused', () => {
  fc.assert(fc.property(fc.string(), (text) => verifySession(keys, 'c1', text) === undefined));
  fc.assert(
    fc.property(fc.string(), (text) => {
      const payload = Buffer.from(text).toString('base64url');
      return verifySession(keys, 'c1', `s1.k1.${payload}.${'A'.repeat(43)}`) === undefined;
    }),
  );
});
