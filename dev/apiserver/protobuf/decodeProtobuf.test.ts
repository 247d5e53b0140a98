import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import type { JsonObject } from '../values/kinds.ts';
import { decodeProtobuf } from './decodeProtobuf.ts';
import { messages } from './messages.ts';

const { root } = protobuf.parse(messages, { keepCase: true });

/** A body as client-go writes it: the magic, and the object within an envelope that names its kind. */
function body(apiVersion: string, kind: string, object: object, message = kind): Buffer {
  const encode = (name: string, value: object) => {
    const type = root.lookupType(name);
    return type.encode(type.fromObject(value)).finish();
  };
  const raw = encode(message, object);
  return Buffer.concat([Buffer.from('k8s\0'), encode('Unknown', { typeMeta: { apiVersion, kind }, raw })]);
}

const cases: [string, string, object, JsonObject][] = [
  [
    'v1',
    'Secret',
    {
      metadata: { name: 's', labels: { a: '' } },
      data: { A: Buffer.from([0, 255]), E: Buffer.of() },
      type: 'Opaque',
    },
    { metadata: { name: 's', labels: { a: '' } }, data: { A: 'AP8=', E: '' }, type: 'Opaque' },
  ],
  [
    'v1',
    'ConfigMap',
    { metadata: { name: 'c' }, data: { a: 'b' }, immutable: false },
    { metadata: { name: 'c' }, data: { a: 'b' }, immutable: false },
  ],
  [
    'v1',
    'Namespace',
    { metadata: { name: 'n', creationTimestamp: {} }, spec: {}, status: {} },
    { metadata: { name: 'n' } },
  ],
  [
    'coordination.k8s.io/v1',
    'Lease',
    {
      metadata: { name: 'l' },
      spec: { holderIdentity: 'me', leaseTransitions: 0, renewTime: { seconds: 1767225600, nanos: 1234000 } },
    },
    {
      metadata: { name: 'l' },
      spec: { holderIdentity: 'me', leaseTransitions: 0, renewTime: '2026-01-01T00:00:00.001234Z' },
    },
  ],
  [
    'v1',
    'Event',
    {
      metadata: { name: 'e', generateName: '' },
      involvedObject: { kind: 'Secret', name: 's' },
      count: 0,
      firstTimestamp: { seconds: 1767225600 },
      eventTime: {},
    },
    {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Secret', name: 's' },
      firstTimestamp: '2026-01-01T00:00:00Z',
    },
  ],
  [
    'apps/v1',
    'DeleteOptions',
    { gracePeriodSeconds: 0, dryRun: ['All'] },
    { gracePeriodSeconds: 0, dryRun: ['All'] },
  ],
];

test.each(cases)('%s %s reads as the JSON that it stands for', (apiVersion, kind, object, expected) => {
  expect(decodeProtobuf(body(apiVersion, kind, object))).toEqual({ apiVersion, kind, ...expected });
});

test('fields that this server doesn’t keep are skipped', () => {
  const extended = protobuf.parse(
    `syntax = "proto2"; message M { optional string selfLink = 4; optional string name = 1; }`,
  ).root;
  const type = extended.lookupType('M');
  const metadata = type.encode({ selfLink: '/x', name: 'n' }).finish();
  const raw = Buffer.concat([Buffer.from([0x0a, metadata.length]), metadata]);
  const unknown = root.lookupType('Unknown');
  const envelope = unknown.encode({ typeMeta: { apiVersion: 'v1', kind: 'Namespace' }, raw }).finish();
  expect(decodeProtobuf(Buffer.concat([Buffer.from('k8s\0'), envelope]))).toMatchObject({
    metadata: { name: 'n' },
  });
});

test('what can’t be decoded is refused without being quoted', () => {
  expect(() => decodeProtobuf(Buffer.from('{"a": 1}'))).toThrow('does not appear to be a protobuf message');
  expect(() => decodeProtobuf(Buffer.from('k8s\0\xff\xff', 'latin1'))).toThrow('malformed protobuf Unknown');
  expect(() => decodeProtobuf(body('apps/v1', 'Deployment', {}, 'Secret'))).toThrow(
    'apps/v1 Deployment cannot be read in protobuf',
  );
  expect(() => decodeProtobuf(body('example.com/v1', 'Secret', {}))).toThrow(
    'example.com/v1 Secret cannot be read',
  );
});
