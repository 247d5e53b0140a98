import { afterEach, describe, expect, test } from 'vitest';
import { createGatewayFixture, type GatewayFixture } from '../../../test/support/gateway/gateway.ts';
import { createCalls } from '../../../test/support/gateway/gatewayCalls.ts';
import { allowEveryone } from './callers.ts';

let fixture: GatewayFixture;
const { get, bootstrap, credential, heartbeat } = createCalls(() => fixture);
afterEach(() => fixture.close());

const callers = {
  ...allowEveryone,
  known: (token: string) => (token === 'poller-token' ? 'poller' : undefined),
};
const LIMITS = { perLaunch: 5, perCaller: 3, perAddress: 10 };

async function statusesOf(times: number, ask: () => Promise<{ statusCode: number }>): Promise<number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < times; index += 1) statuses.push((await ask()).statusCode);
  return statuses;
}

describe('who floods the gateway from behind a shared address', () => {
  test('keeps neither instances, nor pollers, nor the agent’s download from it', async () => {
    fixture = await createGatewayFixture({ callers, limits: LIMITS });
    fixture.put();
    const session = await credential();
    const flood = await statusesOf(30, () => bootstrap({ ticket: 'none' }));
    expect(flood.filter((status) => status === 429)).toHaveLength(20);
    expect((await heartbeat(session)).statusCode).toBe(200);
    expect((await bootstrap({ ticket: fixture.ticket() })).json().code).toBe('ticket_spent');
    const poller = { authorization: 'Bearer poller-token' };
    expect((await get('/v1/workspaces/team/ada', poller)).statusCode).toBe(200);
    expect(await statusesOf(20, () => get('/v1/agent'))).not.toContain(429);
  });

  test('is limited at paths that do not exist, too', async () => {
    fixture = await createGatewayFixture({ limits: LIMITS });
    const statuses = await statusesOf(12, () => get('/none'));
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 404), 429, 429]);
  });

  test('gains nothing by an unknown token', async () => {
    fixture = await createGatewayFixture({ callers, limits: LIMITS });
    let token = 0;
    const ask = () => {
      token += 1;
      return get('/v1/workspaces/team/ada', { authorization: `Bearer stranger-${token}` });
    };
    expect((await statusesOf(12, ask)).slice(-2)).toEqual([429, 429]);
  });

  test('a known caller has a bucket of its own', async () => {
    fixture = await createGatewayFixture({ callers, limits: LIMITS });
    const ask = () => get('/v1/workspaces/team/ada', { authorization: 'Bearer poller-token' });
    expect(await statusesOf(4, ask)).toEqual([404, 404, 404, 429]);
    expect((await get('/v1/workspaces/team/ada')).statusCode).toBe(404);
  });
});

describe('every answer has one format', () => {
  test.each([
    ['a name of 253 characters', `/v1/workspaces/team/${'a'.repeat(253)}`, 404, 'not_found'],
    ['a longer one', `/v1/workspaces/team/${'a'.repeat(254)}`, 400, 'invalid_request'],
    ['one that is too long for the router', `/v1/workspaces/team/${'a'.repeat(3_000)}`, 404, 'not_found'],
    ['a path that is not percent-encoded text', '/v1/workspaces/team/%ff', 400, 'invalid_request'],
    ['a broken escape', '/v1/workspaces/%', 400, 'invalid_request'],
  ])('%s', async (_what, path, status, code) => {
    fixture = await createGatewayFixture({ limits: LIMITS });
    const answer = await get(path);
    expect([answer.statusCode, answer.json()]).toEqual([status, expect.objectContaining({ code })]);
  });
});
