import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { InstanceRecord } from '../../../dev/ec2/base/model.ts';
import { defaultAccount } from '../../../dev/ec2/cloud/account.ts';
import { createCloud } from '../../../dev/ec2/cloud/state.ts';
import type { Service } from '../../../dev/ec2/exchange/exchange.ts';
import { createFaults } from '../../../dev/ec2/exchange/faults.ts';
import { handleAws } from '../../../dev/ec2/handler.ts';
import { systemClock as clock } from '../../../src/controller/lib/clock.ts';
import { systemRandom as random } from '../../../src/controller/lib/random.ts';
import { TAG } from '../../../src/ec2/calls/port.ts';
import { asEc2Answers } from './fullInstance.ts';

// The embedded EC2 in a process of its own; it copies one instance for as many Workspaces as the message names.
const copiesWanted = z.object({
  like: z.string(),
  copies: z.array(z.object({ uid: z.string(), name: z.string(), token: z.string() })),
});

const region = 'eu-central-1';
const account = defaultAccount(region);
account.quota.vcpus = Number.POSITIVE_INFINITY;
const cloud = createCloud({
  clock,
  random,
  region,
  account,
  timings: { pending: [1_000, 1_000], visibilityLag: [0, 0], readLag: [0, 0] },
  buckets: {},
});
const closing = new AbortController();
const service: Service = { cloud, faults: createFaults(cloud), closing: closing.signal };

const server = createServer(async (request, response) => {
  const body = await text(request);
  const { method = '', url = '', headers } = request;
  const answer = await handleAws(service, { method, url, headers, body }, closing.signal);
  if ('none' in answer) return request.socket.destroy();
  response.writeHead(answer.status, answer.headers).end(asEc2Answers(answer.body));
});
server.requestTimeout = 0;

function copy(
  like: InstanceRecord,
  { uid, name, token }: z.infer<typeof copiesWanted>['copies'][number],
): string {
  cloud.sequence += 1;
  const { sequence } = cloud;
  const own: Readonly<Record<string, string>> = { [TAG.uid]: uid, [TAG.name]: name, Name: name };
  const id = `i-${cloud.hex().slice(0, 11)}${sequence.toString(16).padStart(6, '0')}`;
  cloud.instances.set(id, {
    ...like,
    id,
    sequence,
    reservationID: `r-${cloud.hex()}`,
    clientToken: token,
    volumeID: `vol-${cloud.hex()}`,
    tags: like.tags.map(({ key, value }) => ({ key, value: own[key] ?? value })),
    phases: [...like.phases],
    disk: {},
  });
  return id;
}

process.on('message', (message) => {
  const { like, copies } = copiesWanted.parse(message);
  const found = cloud.instances.get(like);
  if (!found) throw new Error(`there is no instance ${like}`);
  process.send?.({ ids: copies.map((each) => copy(found, each)) });
});
process.once('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
