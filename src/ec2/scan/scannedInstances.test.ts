import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeInstancesAnswer } from '../../../test/ec2Contract/support/arbitraryAnswers.ts';
import { systemClock } from '../../controller/lib/clock.ts';
import { isEc2Failure } from '../calls/errors.ts';
import { toInstance } from '../calls/instance.ts';
import { scannedDescribeInstances } from './describeInstances.ts';
import { scanInstances } from './scannedInstances.ts';

let answer = '';
const sdk = new EC2Client({
  region: 'eu-central-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  requestHandler: {
    handle: async () => ({ response: { statusCode: 200, headers: {}, body: Buffer.from(answer) } }),
  },
});

async function asTheSdkReads(xml: string) {
  answer = xml;
  const { Reservations = [], NextToken } = await sdk.send(new DescribeInstancesCommand({}));
  const items = Reservations.flatMap((it) => it.Instances ?? []).map((it) => toInstance('Describe', it));
  return NextToken ? { items, nextToken: NextToken } : { items };
}

async function* inParts(bytes: Uint8Array, cuts: readonly number[]) {
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

const scan = (xml: string, cuts: readonly number[] = []) =>
  scanInstances(inParts(Buffer.from(xml), cuts), systemClock);

const page = (inner: string) => `<DescribeInstancesResponse>${inner}</DescribeInstancesResponse>`;
const TRICKY = page(
  `<reservationSet><item><ownerId/><x a="</x>" ><x>1</x><!-- </x> --></x><y><z/><!-- </y> --></y>
   <y><z/><![CDATA[</y>]]></y><y><z/><? </y> ?></y><instancesSet><item>
   <instanceId>i-1</instanceId><instanceState><name>run<!-- > -->ning</name></instanceState>
   <networkInterfaceSet><item><groupSet><item><groupId>sg-not</groupId></item></groupSet><instanceId>no</instanceId></item></networkInterfaceSet>
   <groupSet><item><groupId>sg-1</groupId></item></groupSet><reason>é&#x20AC;&amp;lt;<![CDATA[<a>&amp;]]></reason>
   <tagSet><item><key>__proto__</key><value>\r\nx\r</value></item></tagSet></item></instancesSet></item></reservationSet>`,
);

test('refuses an answer that is no stream: it was not read, so it must not look like an account without instances', async () => {
  answer = TRICKY;
  const { command, page: read } = scannedDescribeInstances({}, new AbortController().signal, systemClock);
  await sdk.send(command);
  expect(read).toThrow(/UnreadableAnswer|no stream/);
});

describe('an answer of DescribeInstances read as it comes in', () => {
  test('is what the SDK’s own parser makes of it, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        describeInstancesAnswer,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
        async (xml, shares) => {
          const cuts = shares
            .map((share) => Math.floor(share * Buffer.byteLength(xml)))
            .sort((a, b) => a - b);
          expect(await scan(xml, cuts)).toEqual(await asTheSdkReads(xml));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('is the same cut at each byte', async () => {
    const expected = await asTheSdkReads(TRICKY);
    expect(expected.items).toMatchObject([{ id: 'i-1', state: 'running', securityGroupIDs: ['sg-1'] }]);
    const { length } = Buffer.from(TRICKY);
    for (let cut = 0; cut <= length; cut += 1) expect(await scan(TRICKY, [cut])).toEqual(expected);
    expect(await scan(TRICKY, [...Array(length).keys()])).toEqual(expected);
  });

  test.each([
    ['nothing', ''],
    ['a page of a proxy', '<html><body>Sign in</body></html>'],
    ['no list', page('<requestId>r</requestId>')],
    ['a text', 'busy'],
    ['a tag that closes another', page('<reservationSet></reservationset>')],
    ['a text that another tag closes', TRICKY.replace('1</x>', '1</X>')],
    ['an id that another tag closes', TRICKY.replace('</instanceId>', '</instanceID>')],
    ['an instance in no state', TRICKY.replace('run<!--', '<!--')],
    ['a time that is none', TRICKY.replace('<tagSet>', '<launchTime>soon</launchTime><tagSet>')],
  ])('of %s is refused: it must not look like an account without instances', async (_what, xml) => {
    await expect(scan(xml)).rejects.toSatisfy((error) => isEc2Failure(error) && error.class === 'ambiguous');
  });

  test('that ends early is refused wherever it ends', async () => {
    for (let length = 0; length < TRICKY.length; length += 1) {
      await expect(scan(TRICKY.slice(0, length))).rejects.toSatisfy(isEc2Failure);
    }
  });

  test('lets others have their turn: at most 256 KiB are read in one', async () => {
    const large = page(
      `<reservationSet>${'<item><ownerId>1</ownerId></item>'.repeat(40_000)}</reservationSet>`,
    );
    let turns = 0;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const cuts = Array.from({ length: large.length / 16_384 }, (_, index) => (index + 1) * 16_384);
    await scan(large, cuts);
    clearImmediate(next);
    expect(turns).toBeGreaterThanOrEqual(Math.floor(large.length / (262_144 + 16_384)));
  });
});
