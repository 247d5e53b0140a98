import { z } from 'zod';
import { cel, listMap, text } from '../base/meta.ts';

/** AWS's limits on tags: 128 and 256 characters ("Tag restrictions", EC2 User Guide). A CRD can't bound keys but by CEL. */
const tagMap = z.record(z.string(), text(256));
const tagKeyLength = {
  rule: 'self.all(k, k.size() >= 1 && k.size() <= 128)',
  message: 'tags: a key has 1 to 128 characters, as EC2 wants it; shorten the key',
};

const architecture = z.enum(['x86_64', 'arm64']);

/** Of an instance type that names none. */
export const DEFAULT_ARCHITECTURE = 'x86_64';

export const instanceTypeName = text(64)
  .min(1)
  .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/);

export const images = z
  .array(
    z
      .object({
        architecture: architecture.describe('CPU architecture that the image is for.'),
        id: text(64)
          .regex(/^ami-[0-9a-f]+$/)
          .optional()
          .describe('AMI id.'),
        ssmParameter: text(1011)
          .min(1)
          .regex(/^[A-Za-z0-9_.:/-]+$/)
          .optional()
          .describe(
            'Name of an SSM parameter whose value is an AMI id; read at launch and pinned in the launch.',
          ),
      })
      .meta(
        cel({
          rule: 'has(self.id) != has(self.ssmParameter)',
          message: 'images: give exactly one of id and ssmParameter; remove the other',
        }),
      )
      .describe('The machine image for one architecture.'),
  )
  .min(1)
  .max(2)
  .meta(listMap('architecture'))
  .describe('One machine image for each architecture that the instance types need.');

// No list-map: server-side apply may merge such a list in another order, and here the order is the meaning.
export const instanceTypes = z
  .array(
    z
      .object({
        name: instanceTypeName.describe('EC2 instance type.'),
        architecture: architecture
          .optional()
          .describe('CPU architecture of the type; x86_64 unless it says so.'),
      })
      .describe('An instance type that Workspaces of the class may have.'),
  )
  .min(1)
  .max(32)
  .meta(
    cel({
      rule: 'self.all(t, self.exists_one(u, u.name == t.name))',
      message: 'instanceTypes: each name may occur once; remove the duplicate',
    }),
  )
  .describe('Instance types, in order of preference.');

export const capacityTypes = z
  .array(z.enum(['OnDemand', 'Spot']))
  .min(1)
  .max(2)
  .default(['OnDemand'])
  .meta(
    cel({
      rule: 'self.all(c, self.exists_one(d, d == c))',
      message: 'capacityTypes: each type may occur once; remove the duplicate',
    }),
  )
  .describe('Capacity types, in order of preference. Spot instances are one-time and never stop.');

/** Selects resources of one sort, e.g. subnets. */
export function resourceTerms(prefix: string, what: string) {
  const term = z
    .object({
      id: text(64)
        .regex(new RegExp(`^${prefix}-[0-9a-f]+$`))
        .optional()
        .describe(`Id of one ${what}.`),
      tags: tagMap
        .optional()
        .meta({ minProperties: 1, maxProperties: 16, ...cel(tagKeyLength) })
        .describe(`Selects each ${what} that carries all of these tags; the value * matches any value.`),
    })
    .meta(
      cel({
        rule: 'has(self.id) != has(self.tags)',
        message: `${what}: give exactly one of id and tags; remove the other`,
      }),
    )
    .describe(`Selects by id or by tags; a ${what} that matches any term is used.`);
  return z.array(term).min(1).max(16);
}

const labelRequirement = z
  .object({
    key: text(317).min(1).describe('Label key.'),
    operator: z
      .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
      .describe('How the key relates to the values.'),
    values: z.array(text(63)).max(32).optional().describe('Values for In and NotIn.'),
  })
  .meta(
    cel({
      rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
      message: 'values: In and NotIn need at least one value, Exists and DoesNotExist take none',
    }),
  )
  .describe('One requirement on a label.');

const labelSelector = z.object({
  matchLabels: z
    .record(text(317), text(63))
    .optional()
    .meta({ maxProperties: 16 })
    .describe('Labels that the namespace must carry.'),
  matchExpressions: z.array(labelRequirement).max(16).optional().describe('Requirements that must all hold.'),
});

export const allowedNamespaces = z
  .object({
    from: z.enum(['None', 'All', 'Selector']).default('None').describe('Which namespaces may use the class.'),
    selector: labelSelector
      .optional()
      .describe('Namespace labels, for from: Selector; {} selects every one.'),
  })
  .meta(
    cel({
      rule: "(self.from == 'Selector') == has(self.selector)",
      message: 'selector goes with from: Selector, and only with it; add it or change from',
    }),
  )
  .describe('Namespaces whose Workspaces may name this class.');

export const rootVolume = z
  .object({
    sizeGiB: z.int().min(1).max(16384).default(30).describe('Size in GiB.'),
    type: z.enum(['gp3', 'gp2', 'io1', 'io2']).default('gp3').describe('EBS volume type.'),
    iops: z.int().min(100).max(256000).optional().describe('Provisioned IOPS; required for io1 and io2.'),
    throughput: z.int().min(125).max(2000).optional().describe('Throughput in MiB/s; gp3 only.'),
    kmsKeyID: text(2048)
      .min(1)
      .optional()
      .describe('KMS key for encryption; without it the account default.'),
  })
  .meta(
    cel(
      {
        rule: "!has(self.throughput) || self.type == 'gp3'",
        message: 'throughput goes with type gp3 only; remove it or change type',
        fieldPath: '.throughput',
      },
      {
        rule: "!has(self.iops) || self.type != 'gp2'",
        message: 'iops does not go with type gp2; remove it or change type',
        fieldPath: '.iops',
      },
      {
        rule: "!(self.type in ['io1', 'io2']) || has(self.iops)",
        message: 'iops is required with type io1 and io2; give it or change type',
        fieldPath: '.iops',
        reason: 'FieldValueRequired',
      },
    ),
  )
  .describe('The root volume; it ends with the instance.');

export const instanceTags = tagMap
  .default({})
  .meta({
    // EC2 takes 50 a resource; the operator's own and Name need the rest.
    maxProperties: 40,
    ...cel(
      {
        rule: "self.all(k, !k.matches('^[aA][wW][sS]:') && !k.startsWith('compute.molecule.ai/') && k != '__proto__')",
        message:
          'tags: AWS reserves keys that start with aws: in any case, the operator those that start with compute.molecule.ai/, and __proto__ is not supported; rename the key',
      },
      tagKeyLength,
    ),
  })
  .describe('Tags that every instance and volume carries besides the operator’s own.');
