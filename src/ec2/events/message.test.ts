import { expect, test } from 'vitest';
import { readMessage } from './message.ts';

const OURS = 'i-0123456789abcdef0';
const OTHERS = 'i-0fedcba9876543210';
const OLD = 'i-0123abcd';
const knows = (id: string) => id === OURS || id === OLD;

function event(source: string, type: string, id: string, detail: object = {}): string {
  const resources = [`arn:aws:ec2:eu-central-1:111122223333:instance/${id}`];
  return JSON.stringify({
    version: '0',
    'detail-type': type,
    source,
    resources,
    detail: { 'instance-id': id, ...detail },
  });
}

const STATE = 'EC2 Instance State-change Notification';
const health = (...ids: string[]) =>
  JSON.stringify({
    source: 'aws.health',
    'detail-type': 'AWS Health Event',
    resources: ids,
    detail: {
      service: 'EC2',
      eventTypeCategory: 'scheduledChange',
      eventTypeCode: 'AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED',
      affectedEntities: ids.map((entityValue) => ({ entityValue })),
    },
  });

test.each([
  [
    'a change of state',
    event('aws.ec2', STATE, OURS, { state: 'terminated' }),
    { kind: 'StateChange', id: OURS, state: 'terminated' },
  ],
  [
    'a change of an instance with a short id',
    event('aws.ec2', STATE, OLD, { state: 'stopped' }),
    { kind: 'StateChange', id: OLD, state: 'stopped' },
  ],
  [
    'a Spot interruption',
    event('aws.ec2', 'EC2 Spot Instance Interruption Warning', OURS, { 'instance-action': 'terminate' }),
    { kind: 'SpotInterruption', ids: [OURS] },
  ],
  [
    'a rebalance recommendation',
    event('aws.ec2', 'EC2 Instance Rebalance Recommendation', OURS),
    { kind: 'Rebalance', ids: [OURS] },
  ],
  [
    'a scheduled event of several instances',
    health(OTHERS, OURS, OLD),
    { kind: 'ScheduledEvent', ids: [OURS, OLD] },
  ],
  [
    'a change of another’s instance',
    event('aws.ec2', STATE, OTHERS, { state: 'terminated' }),
    { kind: 'foreign' },
  ],
  ['no JSON', '{', { kind: 'foreign' }],
  ['nothing', '', { kind: 'foreign' }],
  ['a longer word that begins like an id', `${OURS}ff`, { kind: 'foreign' }],
  [
    'ours in a text that is too long for an event',
    event('aws.ec2', STATE, OURS, { state: 'stopped', x: 'x'.repeat(262_144) }),
    { kind: 'foreign' },
  ],
  ['no JSON that names ours', `{"detail-type":"${OURS}`, { kind: 'unreadable' }],
  ['JSON that is no object', `"${OURS}"`, { kind: 'unreadable' }],
  ['a list', `["${OURS}"]`, { kind: 'unreadable' }],
  [
    'null beside it',
    `{"${OURS}":null,"detail":null,"source":"aws.ec2","detail-type":"${STATE}"}`,
    { kind: 'unreadable' },
  ],
  [
    'a state that EC2 does not have',
    event('aws.ec2', STATE, OURS, { state: 'constructor' }),
    { kind: 'unreadable' },
  ],
  ['no state', event('aws.ec2', STATE, OURS), { kind: 'unreadable' }],
  [
    'a change of another’s that only mentions ours',
    event('aws.ec2', STATE, OTHERS, { state: 'stopped', note: OURS }),
    { kind: 'unreadable' },
  ],
  ['another source', event('my.app', STATE, OURS, { state: 'terminated' }), { kind: 'unreadable' }],
  ['another type', event('aws.ec2', 'EBS Volume Notification', OURS), { kind: 'unreadable' }],
])('%s is read as it is', (_what, body, reading) => {
  expect(readMessage(body, knows)).toEqual(reading);
});

test('of a message without a known id nothing is parsed, and each id is looked up once in a set', () => {
  let asked = 0;
  const body = `{"a":${'['.repeat(100_000)}${`"${OTHERS}",`.repeat(5_000)}`;
  const reading = readMessage(body, () => {
    asked += 1;
    return false;
  });
  expect(reading).toEqual({ kind: 'foreign' });
  expect(asked).toBeLessThanOrEqual(1_000);
});
