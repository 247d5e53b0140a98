import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGatewayFixture, type GatewayFixture } from '../../test/support/gateway/gateway.ts';

const TIMES = { headersMs: 500, requestMs: 800, answerMs: 60_000, idleMs: 500 };
const HOST = 'Host: gateway\r\n';
const JSON_TYPE = 'Content-Type: application/json\r\n';
const CLOSE = 'Connection: close\r\n';

let fixture: GatewayFixture;
let port: number;
beforeAll(async () => {
  fixture = await createGatewayFixture({ times: TIMES });
  port = Number(new URL((await fixture.gateway.start()).url).port);
});
afterAll(() => fixture.close());

/** Bytes as they are, and all that comes back until the gateway closes. */
async function send(bytes: string | Buffer): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

const statuses = (answer: string) =>
  [...answer.matchAll(/HTTP\/1\.1 ([0-9]{3})/g)].map(([, code]) => Number(code));
const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\n${HOST}${headers}${CLOSE}\r\n`;
const post = (path: string, body: string, headers = JSON_TYPE) =>
  `POST ${path} HTTP/1.1\r\n${HOST}${headers}${CLOSE}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const chunked = (body: string, headers = '') =>
  `POST /v1/heartbeat HTTP/1.1\r\n${HOST}${JSON_TYPE}${CLOSE}${headers}Transfer-Encoding: chunked\r\n\r\n${body}`;

const REFUSED: Readonly<Record<string, readonly [status: number, bytes: string | Buffer]>> = {
  'HTTP/0.9': [408, 'GET /v1/agent\r\n'],
  'the preface of HTTP/2': [400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  'TLS, where there is none': [400, Buffer.from('16030100a5010000a10303', 'hex')],
  'two lengths': [
    400,
    `POST /v1/heartbeat HTTP/1.1\r\n${HOST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
  ],
  'a length and chunks': [400, chunked('0\r\n\r\n', 'Content-Length: 2\r\n')],
  'trailers beyond any limit': [400, chunked(`2\r\n{}\r\n0\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`)],
  'a chunk extension beyond any limit': [400, chunked(`2;${'a'.repeat(100_000)}\r\n{}\r\n0\r\n\r\n`)],
  'chunks that are compressed': [400, chunked('0\r\n\r\n', 'Transfer-Encoding: gzip\r\n')],
  '3,000 headers': [
    400,
    get('/v1/agent', Array.from({ length: 3_000 }, (_, at) => `X${at}: y\r\n`).join('')),
  ],
  'a header of 70,000 characters': [400, get('/v1/agent', `X: ${'y'.repeat(70_000)}\r\n`)],
  'a path of 60,000 characters': [400, get(`/${'a'.repeat(60_000)}`)],
  'lines that end without CR': [400, `GET /v1/agent HTTP/1.1\n${HOST}\n\n`],
  'a folded header': [400, get('/v1/agent', 'X: a\r\n b\r\n')],
  'NUL in a header': [400, get('/v1/agent', 'X: a\0b\r\n')],
  'a second request within the first’s body': [
    400,
    `${post('/v1/heartbeat', '{}GET')}GET /v1/agent HTTP/1.1\r\n\r\n`,
  ],
  'a path that goes up': [404, get('/v1/%2e%2e/v1/agent')],
  'an empty part of a path': [404, get('//v1//agent')],
  'a percent sign alone': [400, get('/v1/agent/%zz')],
  'bytes that are no UTF-8': [400, get('/v1/workspaces/%ff%fe/%c0%af')],
  'NUL in a name': [400, get('/v1/workspaces/a%00b/c')],
  'a slash in a name': [400, get('/v1/workspaces/a%2fb/..%2f')],
  'a path instead of a digest': [400, get('/v1/ca/..%2f..%2fetc')],
  'a method that no route has': [404, `TRACE /v1/agent HTTP/1.1\r\n${HOST}${CLOSE}\r\n`],
  'JSON 8,000 deep': [400, post('/v1/heartbeat', '['.repeat(8_000) + ']'.repeat(8_000))],
  'a prototype': [400, post('/v1/bootstrap', '{"__proto__":{"uid":"a"}}')],
  'a constructor': [400, post('/v1/bootstrap', '{"constructor":{"prototype":{"uid":"a"}}}')],
  'a number beyond any': [400, post('/v1/bootstrap', '{"uid":"a","number":1e400,"ticket":"x"}')],
  'half a character': [400, post('/v1/bootstrap', '{"uid":"\\ud800","number":1,"ticket":"x"}')],
  'nothing at all': [400, post('/v1/bootstrap', '')],
  'one byte too many': [413, post('/v1/bootstrap', `{"uid":"${'a'.repeat(16_384)}"}`)],
  'another format': [415, post('/v1/bootstrap', '{}', 'Content-Type: application/xml\r\n')],
  'a line twice': [400, post('/v1/bootstrap', 'uid YQ==\nuid Yg==\n', 'Content-Type: text/plain\r\n')],
  'a line named like a property of every object': [
    400,
    post('/v1/bootstrap', '__proto__ YQ==\n', 'Content-Type: text/plain\r\n'),
  ],
};

describe.concurrent('what no agent sends', () => {
  test.each(Object.entries(REFUSED))('%s is refused in the one format', async (_what, [status, bytes]) => {
    const answer = await send(bytes);
    expect(statuses(answer)).toEqual([status]);
    expect(answer).toMatch(/\r\n\r\n\{"code":"[a-z_]+","message":"[^"]+"/);
  });

  test('two requests that are sent without waiting get one answer each, in order; many close the connection', async () => {
    const first = `GET /v1/agent HTTP/1.1\r\n${HOST}\r\n`;
    expect(statuses(await send(first + get('/v1/nothing')))).toEqual([200, 404]);
    expect(statuses(await send(first.repeat(49) + get('/v1/nothing'))).length).toBeLessThan(5);
  });

  test('none of that is an error of ours, and others are served', async () => {
    await Promise.all(Object.values(REFUSED).map(([, bytes]) => send(bytes)));
    expect(statuses(await send(get('/v1/agent')))).toEqual([200]);
    expect(fixture.logs.filter((line) => /"level":[56]0/.test(line))).toEqual([]);
  });
});
