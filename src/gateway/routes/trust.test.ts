import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGatewayFixture, type GatewayFixture, UID } from '../../../test/support/gateway/gateway.ts';
import { createCalls, launch } from '../../../test/support/gateway/gatewayCalls.ts';
import { caBundleOf } from '../served/caBundle.ts';

const BUNDLE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const DIGEST = caBundleOf(BUNDLE)?.digest ?? '';
const OLDER = 'a'.repeat(64);

let fixture: GatewayFixture;
const { credential, heartbeat, post } = createCalls(() => fixture);
const find = () => fixture.store.find({ uid: UID, number: 1 });

beforeEach(async () => {
  fixture = await createGatewayFixture({ caBundle: BUNDLE });
  fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from('x')]]));
  fixture.put();
});
afterEach(() => fixture.close());

test('an agent that holds another bundle hears of the present one, and finds it under its digest alone', async () => {
  const session = await credential();
  expect((await heartbeat(session, { seq: 1, ca: OLDER })).json().ca).toBe(DIGEST);
  expect((await heartbeat(session, { seq: 2, ca: DIGEST })).json()).not.toHaveProperty('ca');
  expect((await heartbeat(session, { seq: 3 })).json()).not.toHaveProperty('ca');
  const served = await fixture.gateway.inject({ url: `/v1/ca/${DIGEST}` });
  expect([served.statusCode, served.body]).toEqual([200, BUNDLE]);
  expect((await fixture.gateway.inject({ url: `/v1/ca/${OLDER}` })).statusCode).toBe(404);
});

test('launches are counted by the bundle that they hold while they are heard', async () => {
  await heartbeat(await credential(), { ca: OLDER });
  expect(await fixture.store.countBundles()).toEqual(new Map([[OLDER, 1]]));
});

test('a ticket lets an instance say that it distrusts the gateway, and no more; a heartbeat takes it back', async () => {
  const session = await credential();
  await heartbeat(session, { seq: 1 });
  const complaint = { uid: UID, number: 1, ticket: fixture.ticket() };
  expect((await post('/v1/distrust', complaint)).statusCode).toBe(202);
  const version = (await find())?.version;
  expect(await find()).toMatchObject({ trouble: 'GatewayDistrusted', seq: 1, fresh: true });
  await post('/v1/distrust', complaint);
  expect((await find())?.version).toBe(version);
  await heartbeat(session, { seq: 2 });
  const heard = await find();
  expect([heard?.seq, heard?.trouble]).toEqual([2, undefined]);
});

test.each([
  ['another launch’s ticket', () => ({ uid: UID, number: 1, ticket: fixture.ticket(2) }), 403],
  ['no ticket', () => ({ uid: UID, number: 1 }), 400],
  ['a number beyond its column', () => ({ uid: UID, number: 2 ** 31, ticket: 't1.k1.x' }), 400],
])('%s says nothing', async (_what, complaint, status) => {
  await heartbeat(await credential(), { seq: 1 });
  expect((await post('/v1/distrust', complaint())).statusCode).toBe(status);
  expect((await find())?.trouble).toBeUndefined();
});

test('a launch that is over, or not known yet, leaves no row behind', async () => {
  fixture.put(launch({ number: 7 }));
  for (const [number, status] of [
    [6, 410],
    [8, 503],
  ]) {
    const answer = await post('/v1/distrust', { uid: UID, number, ticket: fixture.ticket(number) });
    expect(answer.statusCode).toBe(status);
    expect(await fixture.store.find({ uid: UID, number: number ?? 0 })).toBeUndefined();
  }
});
