import type { Instance as SdkInstance } from '@aws-sdk/client-ec2';
import { createXmlReader, type Element, element, leaf, XmlError, type XmlReader } from './xmlReader.ts';

/** An instance as far as toInstance reads it, in the SDK's words. */
type Scanned = Pick<
  SdkInstance,
  | 'InstanceId'
  | 'State'
  | 'InstanceType'
  | 'Placement'
  | 'ImageId'
  | 'InstanceLifecycle'
  | 'SecurityGroups'
  | 'IamInstanceProfile'
  | 'SubnetId'
  | 'PrivateIpAddress'
  | 'ClientToken'
  | 'LaunchTime'
  | 'StateReason'
  | 'StateTransitionReason'
  | 'Tags'
>;

interface Reading {
  readonly take: (instance: Scanned) => void;
  instance: Scanned;
  tag: { Key?: string; Value?: string };
  nextToken: string | undefined;
  hasList: boolean;
}

const text = (name: string, take: (instance: Scanned, text: string) => void): Element<Reading> =>
  leaf(name, ({ instance }, value) => take(instance, value));

/** Of an instance, by the names of the ec2Query protocol ("Instance", EC2 API reference). */
const INSTANCE = element<Reading>(
  'item',
  [
    text('instanceId', (it, value) => {
      it.InstanceId = copied(value);
    }),
    element('instanceState', [
      text('name', (it, value) => {
        it.State = { Name: shared(value) as NonNullable<SdkInstance['State']>['Name'] };
      }),
    ]),
    text('instanceType', (it, value) => {
      it.InstanceType = shared(value) as SdkInstance['InstanceType'];
    }),
    element('placement', [
      text('availabilityZone', (it, value) => {
        it.Placement = { AvailabilityZone: shared(value) };
      }),
    ]),
    text('imageId', (it, value) => {
      it.ImageId = shared(value);
    }),
    text('instanceLifecycle', (it, value) => {
      it.InstanceLifecycle = shared(value) as SdkInstance['InstanceLifecycle'];
    }),
    element('groupSet', [
      element('item', [
        text('groupId', (it, value) => {
          it.SecurityGroups ??= [];
          it.SecurityGroups.push({ GroupId: shared(value) });
        }),
      ]),
    ]),
    element('iamInstanceProfile', [
      text('arn', (it, value) => {
        it.IamInstanceProfile = { Arn: shared(value) };
      }),
    ]),
    text('subnetId', (it, value) => {
      it.SubnetId = shared(value);
    }),
    text('privateIpAddress', (it, value) => {
      it.PrivateIpAddress = copied(value);
    }),
    text('clientToken', (it, value) => {
      it.ClientToken = copied(value);
    }),
    text('launchTime', (it, value) => {
      const moment = new Date(value);
      if (Number.isNaN(moment.getTime())) throw new XmlError('an instance has a launch time that is none');
      it.LaunchTime = moment;
    }),
    element('stateReason', [
      text('code', (it, value) => {
        it.StateReason = { ...it.StateReason, Code: copied(value) };
      }),
      text('message', (it, value) => {
        it.StateReason = { ...it.StateReason, Message: copied(value) };
      }),
    ]),
    text('reason', (it, value) => {
      it.StateTransitionReason = copied(value);
    }),
    element('tagSet', [
      element(
        'item',
        [
          leaf('key', ({ tag }, value) => {
            tag.Key = shared(value);
          }),
          leaf('value', ({ tag }, value) => {
            tag.Value = shared(value);
          }),
        ],
        {
          begin(reading) {
            reading.tag = {};
          },
          end({ instance, tag }) {
            instance.Tags ??= [];
            instance.Tags.push(tag);
          },
        },
      ),
    ]),
  ],
  {
    begin(reading) {
      reading.instance = {};
    },
    end: ({ instance, take }) => take(instance),
  },
);

const PAGE = element<Reading>('DescribeInstancesResponse', [
  leaf('nextToken', (reading, value) => {
    reading.nextToken = copied(value) || undefined;
  }),
  element('reservationSet', [element('item', [element('instancesSet', [INSTANCE])])], {
    begin(reading) {
      reading.hasList = true;
    },
  }),
]);

/** A part of a page would otherwise keep the whole of it in memory: V8 makes such a part point into its origin. */
function copied(text: string): string {
  return Buffer.from(text).toString();
}

/** Instances share one string for equal values. At this many strings the table begins again. */
const MOST_SHARED = 4_096;
const sharedTexts = new Map<string, string>();

function shared(text: string): string {
  const known = sharedTexts.get(text);
  if (known !== undefined) return known;
  if (sharedTexts.size >= MOST_SHARED) sharedTexts.clear();
  const own = copied(text);
  sharedTexts.set(own, own);
  return own;
}

export interface InstancePage extends Pick<XmlReader, 'write'> {
  /** @throws XmlError when what was read is no whole answer to DescribeInstances */
  end(): { nextToken: string | undefined };
}

/** Reads an answer of DescribeInstances; `take` gets each instance once it is whole. */
export function createInstancePage(take: (instance: Scanned) => void): InstancePage {
  const reading: Reading = { take, instance: {}, tag: {}, nextToken: undefined, hasList: false };
  const reader = createXmlReader(PAGE, reading);
  return {
    write: reader.write,
    end() {
      reader.end();
      // Another page with status 200, as a proxy may send, must not look like an empty account.
      if (!reading.hasList) throw new XmlError('the answer holds no list of instances');
      return { nextToken: reading.nextToken };
    },
  };
}
