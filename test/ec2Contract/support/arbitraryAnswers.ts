import fc from 'fast-check';

/** Characters that XML must write otherwise, that UTF-8 writes in several bytes, and that a parser may trip over. */
const CHARACTERS = ['a', 'Z', '7', ' ', '-', '/', ']', '&', '<', '>', '"', "'", 'é', '€', '\n', '\r', '😀'];
const LAYOUTS = ['', '', '', '\n', '\n    ', '\r\n\t'];

const written = (text: string): fc.Arbitrary<string> => {
  const escaped = [...text].map((c) => {
    if (!/[&<>\r]/.test(c)) return c;
    return c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&#x3E;' : '&#13;';
  });
  const plain = escaped.join('');
  const half = escaped.slice(0, escaped.length / 2).join('');
  const cdata = `<![CDATA[${text.replaceAll(']]>', ']] >').replaceAll('\r', '')}]]>`;
  return fc.constantFrom(
    plain,
    plain,
    plain,
    cdata,
    `${half}<!-- <b>&amp; -->${plain}`,
    `${plain}${cdata}`,
    `${plain}<?x >?>`,
  );
};

const content = fc
  .array(fc.constantFrom(...CHARACTERS), { maxLength: 8 })
  .chain((characters) => written(characters.join('')));

const leaf = (name: string, text: fc.Arbitrary<string> = content): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 5, arbitrary: text.map((inner) => `<${name}>${inner}</${name}>`) },
    { weight: 1, arbitrary: fc.constantFrom(`<${name}/>`, `<${name} />`, `<${name}></${name}>`, '') },
  );

/** Some of the parts, each at most once, in some order, with layout between them; behind those that are always there. */
const container = (
  name: string,
  parts: readonly fc.Arbitrary<string>[],
  always: fc.Arbitrary<string> = fc.constant(''),
): fc.Arbitrary<string> =>
  fc
    .record({
      always,
      parts: fc.tuple(...parts),
      order: fc.shuffledSubarray([...parts.keys()]),
      layout: fc.constantFrom(...LAYOUTS),
      attributes: fc.constantFrom('', '', ' a="1"', ` b = '>/' c=""`),
    })
    .map(({ always: first, parts: made, order, layout, attributes }) => {
      const inner = [first, ...order.map((index) => made[index])].join(layout);
      return `<${name}${attributes}>${layout}${inner}${layout}</${name}>`;
    });

const list = (name: string, item: fc.Arbitrary<string>, maxLength = 3): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.array(item, { maxLength }).map((items) => `<${name}>${items.join('')}</${name}>`),
    },
    { weight: 1, arbitrary: fc.constantFrom(`<${name}/>`, `<${name}>\n</${name}>`) },
  );

/** What EC2 may send and no code reads: also names that mean something elsewhere, and elements within their like. */
const { unknown } = fc.letrec<{ unknown: string }>((tie) => ({
  unknown: fc.oneof(
    { maxDepth: 3 },
    fc
      .constantFrom('networkInterfaceSet', 'instanceIdx', 'x', 'constructor', 'toString')
      .chain((name) => leaf(name)),
    fc
      .tuple(
        fc.constantFrom('networkInterfaceSet', 'x', 'xy', 'blockDeviceMapping'),
        fc.array(
          fc.oneof(
            tie('unknown'),
            fc
              .constantFrom('item', 'groupSet', 'instanceId', 'tagSet', 'subnetId')
              .chain((name) => leaf(name)),
          ),
          { maxLength: 3 },
        ),
      )
      .map(([name, inner]) => `<${name}>${inner.join('')}</${name}>`),
  ),
}));

const state = fc.constantFrom('pending', 'running', 'shutting-down', 'terminated', 'stopping', 'stopped');
const moment = fc
  .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((at) => at.toISOString())
  .chain((text) => fc.constantFrom(text, text.replace(/\.\d+/, '')));
const tag = fc.tuple(leaf('key'), leaf('value')).map((parts) => `<item>${parts.join('')}</item>`);
const group = leaf('groupId').map((id) => `<item>${id}<groupName>g</groupName></item>`);

const identity = fc
  .record({ id: fc.stringMatching(/^i-[0-9a-f]{8}$/), state, other: container('instanceState2', [unknown]) })
  .map(
    (it) =>
      `<instanceId>${it.id}</instanceId><instanceState><code>16</code><name>${it.state}</name></instanceState>${it.other}`,
  );

const instance = container(
  'item',
  [
    leaf('imageId'),
    leaf('instanceType'),
    container('placement', [leaf('availabilityZone'), unknown]),
    leaf('privateIpAddress'),
    leaf('subnetId'),
    leaf('clientToken'),
    moment.map((at) => `<launchTime>${at}</launchTime>`),
    fc.constantFrom('<instanceLifecycle>spot</instanceLifecycle>', '<instanceLifecycle/>'),
    list('groupSet', group),
    container('iamInstanceProfile', [leaf('arn'), leaf('id')]),
    container('stateReason', [leaf('code'), leaf('message')]),
    leaf('reason'),
    list('tagSet', tag),
    unknown,
    unknown,
  ],
  identity,
);

/** Whole answers to DescribeInstances. */
export const describeInstancesAnswer: fc.Arbitrary<string> = fc
  .tuple(
    list(
      'reservationSet',
      container('item', [leaf('reservationId'), list('instancesSet', instance), unknown]),
    ),
    leaf('nextToken'),
    unknown,
  )
  .map(
    ([reservations, token, other]) =>
      `<?xml version="1.0" encoding="UTF-8"?>\n<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">\n<requestId>r</requestId>${other}${reservations}${token}</DescribeInstancesResponse>\n`,
  );
