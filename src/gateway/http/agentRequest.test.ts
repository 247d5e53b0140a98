import { createServer, type IncomingMessage } from 'node:http';
import { duplexPair } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAgentReader } from './agentRequest.ts';

const LIMIT = 16_384;
const read = createAgentReader({ path: '/v1/heartbeat', type: 'text/plain' }, LIMIT);

const START = 'POST /v1/heartbeat HTTP/1.1';
const BODY = 'number MQ==\n';
const FIELDS = [
  'Host: gateway.example:8443',
  'User-Agent: curl/8.5.0',
  'Content-Type: text/plain',
  'Accept: text/plain',
  'Authorization: Bearer s1.k1.abc.def',
  `Content-Length: ${BODY.length}`,
];
const bytesOf = (fields: readonly string[], body = BODY, start = START) =>
  Buffer.from(`${[start, ...fields].join('\r\n')}\r\n\r\n${body}`, 'latin1');
const without = (name: string) => FIELDS.filter((field) => !field.startsWith(`${name}:`));

/** What Node's own server makes of the bytes, as long as more may come. */
async function byNode(bytes: Buffer) {
  const requests: { request: IncomingMessage; body: string; isKept: boolean }[] = [];
  const errors: string[] = [];
  const server = createServer((request, response) => {
    const seen = { request, body: '', isKept: response.shouldKeepAlive };
    requests.push(seen);
    request.on('data', (chunk: Buffer) => {
      seen.body += chunk.toString('latin1');
    });
    request.on('error', () => undefined);
  });
  server.maxHeadersCount = 64;
  server.on('clientError', (error) => errors.push(error.message));
  const [near, far] = duplexPair();
  server.emit('connection', near);
  far.write(bytes);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  near.destroy();
  far.destroy();
  return { requests, errors };
}

const aRequest = (credential = 's1.k1.abc.def', body = BODY) => ({
  credential,
  body: expect.objectContaining({ text: expect.stringMatching(new RegExp(`\r\n\r\n${body}$`)) }),
});

describe('a whole request is read', () => {
  test.each<[string, readonly string[]]>([
    ['from an agent', FIELDS],
    [
      'in any order and case',
      [...FIELDS].reverse().map((field) => field.replace(/^[^:]+/, (name) => name.toUpperCase())),
    ],
    [
      'from a balancer',
      ['X-Forwarded-For: 10.0.0.1', 'X-Amzn-Trace-Id: Root=1-2', 'Connection: Keep-Alive', ...FIELDS],
    ],
  ])('%s', async (_from, fields) => {
    const bytes = bytesOf(fields);
    expect(read(bytes)).toEqual(aRequest());
    expect((await byNode(bytes)).requests).toHaveLength(1);
  });

  test('only once its body is whole', () => {
    const bytes = bytesOf(FIELDS);
    expect(read(bytes.subarray(0, -1))).toBe('more');
    expect(read(bytes.subarray(0, -BODY.length))).toBe('more');
    expect(read(bytes.subarray(0, -BODY.length - 1))).toBeUndefined();
  });
});

describe('a request that can be read in more than one way, or is none of an agent, is left to Node', () => {
  test.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['another path', bytesOf(FIELDS, BODY, 'POST /v1/heartbeat?a HTTP/1.1')],
    ['HTTP/1.0', bytesOf(FIELDS, BODY, 'POST /v1/heartbeat HTTP/1.0')],
    ['two lengths', bytesOf([...FIELDS, `Content-Length: ${BODY.length}`])],
    ['a length with a sign', bytesOf([...without('Content-Length'), `Content-Length: +${BODY.length}`])],
    ['a length beyond the limit', bytesOf([...without('Content-Length'), `Content-Length: ${LIMIT + 1}`])],
    ['no length', bytesOf(without('Content-Length'))],
    ['no host', bytesOf(without('Host'))],
    ['two hosts', bytesOf([...FIELDS, 'Host: b'])],
    ['two credentials', bytesOf([...FIELDS, 'Authorization: Bearer other'])],
    ['another scheme', bytesOf([...without('Authorization'), 'Authorization: Basic YTpi'])],
    ['chunks', bytesOf([...FIELDS, 'Transfer-Encoding: chunked'])],
    ['chunks in odd case', bytesOf([...FIELDS, 'tRANSFER-eNCODING: identity'])],
    ['an expectation', bytesOf([...FIELDS, 'Expect: 100-continue'])],
    ['a close', bytesOf([...FIELDS, 'Connection: close'])],
    ['fields of the connection', bytesOf([...FIELDS, 'Connection: keep-alive, authorization'])],
    ['an upgrade', bytesOf([...FIELDS, 'Upgrade: h2c'])],
    ['a space before the colon', bytesOf([...FIELDS, 'X : a'])],
    ['a folded field', bytesOf([...FIELDS, 'X: a\r\n b'])],
    ['a bare LF', bytesOf([...FIELDS, 'X: a\nContent-Length: 1'])],
    ['a bare CR', bytesOf([...FIELDS, 'X: a\rb'])],
    ['NUL', bytesOf([...FIELDS, 'X: a\0b'])],
    ['bytes beyond ASCII', bytesOf([...FIELDS, 'X: \xe9'])],
    ['65 fields', bytesOf([...FIELDS, ...Array.from({ length: 59 }, (_, i) => `X-${i}: a`)])],
    ['a long head', bytesOf([...FIELDS, `X: ${'a'.repeat(9_000)}`])],
    ['a second request after it', Buffer.concat([bytesOf(FIELDS), bytesOf(FIELDS)])],
    ['one byte after it', bytesOf(FIELDS, `${BODY}x`)],
  ])('%s', (_what, bytes) => {
    expect(read(bytes)).toBeUndefined();
  });
});

test('what is read of any bytes is what Node’s parser reads of them: one request, with nothing after it', async () => {
  const names = [
    'Host',
    'Content-Type',
    'Accept',
    'Authorization',
    'Content-Length',
    'Connection',
    'X-Other',
  ];
  const more = [
    'Transfer-Encoding',
    'Expect',
    'Upgrade',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Keep-Alive',
    '',
  ];
  const values = [
    'text/plain',
    'Bearer a',
    '12',
    '0',
    '1',
    ' 12',
    '12 ',
    'chunked',
    'keep-alive',
    'close',
    '',
    'a\tb',
  ];
  const field = fc.tuple(
    fc.constantFrom(...names, ...names.map((name) => name.toLowerCase()), ...more),
    fc.constantFrom(':', ': ', ': ', ': ', ':\t', ' : ', ''),
    fc.oneof(fc.constantFrom(...values), fc.string({ unit: 'binary', maxLength: 6 })),
  );
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(13, 10, 32, 58, 0));
  const change = fc.record({
    drop: fc.subarray(FIELDS, { maxLength: 1 }),
    add: fc.array(
      field.map((parts) => parts.join('')),
      { maxLength: 2 },
    ),
    body: fc.constantFrom(BODY, BODY, BODY, `${BODY}x`, BODY.slice(1), ''),
    // Bytes written over others.
    over: fc.oneof(fc.constant([]), fc.array(fc.tuple(fc.nat(), byte), { maxLength: 2 })),
    first: fc.boolean(),
  });
  let whole = 0;
  await fc.assert(
    fc.asyncProperty(change, async ({ drop, add, body, over, first }) => {
      const kept = FIELDS.filter((is) => !drop.includes(is));
      const bytes = bytesOf(first ? [...add, ...kept] : [...kept, ...add], body);
      for (const [at, byte] of over) bytes[at % bytes.length] = byte;
      const request = read(bytes);
      if (request === undefined) return;
      const { requests, errors } = await byNode(bytes);
      expect(errors).toEqual([]);
      expect(requests).toHaveLength(1);
      const [seen] = requests;
      if (request === 'more') {
        expect(seen?.request.complete).toBe(false);
        return;
      }
      whole += 1;
      expect(seen).toMatchObject({
        body: request.body.text.slice(request.body.at),
        isKept: true,
        request: {
          complete: true,
          method: 'POST',
          url: '/v1/heartbeat',
          httpVersion: '1.1',
          headers: {
            authorization: `Bearer ${request.credential}`,
            'content-type': 'text/plain',
            accept: 'text/plain',
          },
        },
      });
      expect(request.body.bytes.toString('latin1')).toBe(request.body.text);
    }),
    { numRuns: 800 },
  );
  expect(whole).toBeGreaterThan(50);
});
