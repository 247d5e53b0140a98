import nock from 'nock';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

export const EC2 = 'https://ec2.eu-central-1.amazonaws.com';
export const SSM = 'https://ssm.eu-central-1.amazonaws.com';

/** Every request of this file's tests must be one that was expected, and every expected one must come. */
export function expectEveryRequest(): void {
  beforeAll(() => {
    if (!nock.isActive()) nock.activate();
    nock.disableNetConnect();
  });
  afterEach(() => {
    const left = nock.pendingMocks();
    nock.cleanAll();
    expect(left).toEqual([]);
  });
  afterAll(() => {
    nock.enableNetConnect();
    nock.restore();
  });
}

/** Answers the next requests in turn, and keeps their bodies as they were on the wire. */
export function wire(
  ...answers: { status?: number; xml: string; headers?: Record<string, string> }[]
): string[] {
  const bodies: string[] = [];
  for (const { status = 200, xml, headers = {} } of answers) {
    nock(EC2)
      .post('/')
      .reply(async (request: Request) => {
        bodies.push(await request.text());
        return [status, xml, headers];
      });
  }
  return bodies;
}

export function fields(body: string | undefined): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(body));
}

export function response(action: string, inner: string): { xml: string } {
  return {
    xml: `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${inner}</${action}Response>`,
  };
}

export function refusal(code: string, status = 400, message = 'what AWS says') {
  const error = `<Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors>`;
  return {
    status,
    xml: `<Response>${error}<RequestID>req-1</RequestID></Response>`,
    headers: { 'x-amzn-requestid': 'req-1' },
  };
}

const INSTANCE = `<item>
  <instanceId>i-0a1</instanceId><instanceType>m7i.large</instanceType>
  <imageId>ami-0a1</imageId><instanceLifecycle>spot</instanceLifecycle>
  <groupSet><item><groupId>sg-0a1</groupId></item></groupSet>
  <iamInstanceProfile><arn>arn:aws:iam::1:instance-profile/team/workspace</arn></iamInstanceProfile>
  <instanceState><code>0</code><name>pending</name></instanceState>
  <placement><availabilityZone>eu-central-1a</availabilityZone></placement>
  <subnetId>subnet-0a1</subnetId><privateIpAddress>10.0.0.7</privateIpAddress>
  <clientToken>token-1</clientToken><launchTime>2026-01-02T03:04:05.000Z</launchTime>
  <reason>User initiated (2026-01-02)</reason>
  <stateReason><code>Client.UserInitiatedShutdown</code><message>Client.UserInitiatedShutdown: bye</message></stateReason>
  <tagSet><item><key>compute.molecule.ai/uid</key><value>uid-1</value></item><item><key>empty</key><value/></item></tagSet>
</item>`;
export const LAUNCHED = response('RunInstances', `<instancesSet>${INSTANCE}</instancesSet>`);
