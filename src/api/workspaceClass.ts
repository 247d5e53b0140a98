import { z } from 'zod';
import { type API_VERSION, cel, condition, listMap, type ObjectMeta, objectName } from './meta.ts';

const tags = z.record(z.string().max(128), z.string().max(256));

const images = z
  .array(
    z
      .object({
        architecture: z.enum(['x86_64', 'arm64']).describe('CPU architecture that the image is for.'),
        id: z
          .string()
          .max(64)
          .regex(/^ami-[0-9a-f]+$/)
          .optional()
          .describe('AMI id.'),
        ssmParameter: z
          .string()
          .min(1)
          .max(1011)
          .optional()
          .describe(
            'Name of an SSM parameter whose value is an AMI id; read at launch and pinned in the launch.',
          ),
      })
      .meta(
        cel({
          rule: 'has(self.id) != has(self.ssmParameter)',
          message: 'give exactly one of id and ssmParameter',
        }),
      )
      .describe('The machine image for one architecture.'),
  )
  .min(1)
  .max(2)
  .meta(listMap('architecture'))
  .describe('One machine image for each architecture that the instance types need.');

const resourceTerm = (prefix: string, what: string) =>
  z
    .object({
      id: z
        .string()
        .max(64)
        .regex(new RegExp(`^${prefix}-[0-9a-f]+$`))
        .optional()
        .describe(`Id of one ${what}.`),
      tags: z
        .record(z.string().max(128), z.string().max(256))
        .optional()
        .describe(`Selects each ${what} that carries all of these tags; the value * matches any value.`),
    })
    .meta(cel({ rule: 'has(self.id) != has(self.tags)', message: 'give exactly one of id and tags' }))
    .describe(`Selects by id or by tags; a ${what} that matches any term is used.`);

const allowedNamespaces = z
  .object({
    from: z.enum(['None', 'All', 'Selector']).default('None').describe('Which namespaces may use the class.'),
    selector: z
      .object({
        matchLabels: z
          .record(z.string().max(317), z.string().max(63))
          .optional()
          .describe('Labels that the namespace must carry.'),
        matchExpressions: z
          .array(
            z
              .object({
                key: z.string().min(1).max(317).describe('Label key.'),
                operator: z
                  .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
                  .describe('How the key relates to the values.'),
                values: z.array(z.string().max(63)).max(32).optional().describe('Values for In and NotIn.'),
              })
              .describe('One requirement on a label.'),
          )
          .max(16)
          .optional()
          .describe('Requirements that must all hold.'),
      })
      .optional()
      .describe('Namespace labels, for from: Selector.'),
  })
  .meta(
    cel({
      rule: "(self.from == 'Selector') == has(self.selector)",
      message: 'selector goes with from: Selector, and only with it',
    }),
  )
  .describe('Namespaces whose Workspaces may name this class.');

const rootVolume = z
  .object({
    sizeGiB: z.int().min(1).max(16384).default(30).describe('Size in GiB.'),
    type: z.enum(['gp3', 'gp2', 'io1', 'io2']).default('gp3').describe('EBS volume type.'),
    iops: z.int().min(100).max(256000).optional().describe('Provisioned IOPS.'),
    throughput: z.int().min(125).max(2000).optional().describe('Throughput in MiB/s; gp3 only.'),
    kmsKeyID: z
      .string()
      .max(2048)
      .optional()
      .describe('KMS key for encryption; without it the account default.'),
  })
  .meta(
    cel({
      rule: "!has(self.throughput) || self.type == 'gp3'",
      message: 'throughput goes with type gp3 only',
    }),
  )
  .describe('The root volume; it ends with the instance.');

export const workspaceClassSpec = z
  .object({
    allowedNamespaces: allowedNamespaces.prefault({}),
    images,
    imageUpdatePolicy: z
      .enum(['OnLaunch', 'Automatic'])
      .default('OnLaunch')
      .describe(
        'OnLaunch: a newer image is used by the next launch. Automatic: a newer image is a change (not acted on yet: behaves as OnLaunch).',
      ),
    instanceTypes: z
      .array(
        z
          .object({
            name: z
              .string()
              .min(1)
              .max(64)
              .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/)
              .describe('EC2 instance type.'),
            architecture: z
              .enum(['x86_64', 'arm64'])
              .default('x86_64')
              .describe('CPU architecture of the type.'),
          })
          .describe('An instance type that Workspaces of the class may have.'),
      )
      .min(1)
      .max(32)
      .meta(listMap('name'))
      .describe('Instance types, in order of preference.'),
    capacityTypes: z
      .array(z.enum(['OnDemand', 'Spot']))
      .min(1)
      .max(2)
      .default(['OnDemand'])
      .describe('Capacity types, in order of preference. Spot instances are one-time and never stop.'),
    subnets: z.array(resourceTerm('subnet', 'subnet')).min(1).max(16).describe('Subnets to launch in.'),
    securityGroups: z
      .array(resourceTerm('sg', 'security group'))
      .min(1)
      .max(16)
      .describe('Security groups of the instance.'),
    instanceProfile: z.string().min(1).max(128).optional().describe('Name of the IAM instance profile.'),
    rootVolume: rootVolume.prefault({}),
    tags: tags
      .default({})
      .meta(
        cel({
          rule: "self.all(k, !k.startsWith('aws:') && !k.startsWith('compute.molecule.ai/'))",
          message: 'tag keys must not start with aws: or compute.molecule.ai/',
        }),
      )
      .meta({ maxProperties: 40 })
      .describe('Tags that every instance and volume carries besides the operator’s own.'),
    userData: z
      .string()
      .max(12000)
      .optional()
      .describe(
        'A shell script that runs at first boot after the operator’s own stub. No secrets: anyone on the instance can read it.',
      ),
    heartbeat: z
      .object({
        periodSeconds: z
          .int()
          .min(1)
          .max(3600)
          .default(30)
          .describe('How often the agent heartbeats, in seconds.'),
        timeoutSeconds: z
          .int()
          .min(2)
          .max(86400)
          .default(90)
          .describe('Silence after which an agent counts as lost, in seconds.'),
      })
      .meta(
        cel({
          rule: 'self.timeoutSeconds >= 2 * self.periodSeconds',
          message: 'timeoutSeconds must be at least twice periodSeconds',
        }),
      )
      .prefault({})
      .describe('The agent’s heartbeats.'),
    startupTimeoutSeconds: z
      .int()
      .min(1)
      .max(86400)
      .default(900)
      .describe(
        'Time from a launch to its first heartbeat after which the launch counts as failed, in seconds.',
      ),
    rollout: z
      .object({
        debounceSeconds: z
          .int()
          .min(0)
          .max(3600)
          .default(2)
          .describe(
            'How long a change must have stood still before it counts, in seconds; under a constant writer ten times that.',
          ),
        minIntervalSeconds: z
          .int()
          .min(0)
          .max(86400)
          .default(60)
          .describe(
            'Least time from a launch to the next one that a secret, spec or class change causes, in seconds. Changes within it are deferred, never dropped.',
          ),
        maxUnavailable: z
          .string()
          .max(8)
          .regex(/^([1-9][0-9]*|[1-9][0-9]?%|100%)$/)
          .default('10%')
          .describe(
            'How many of the class’s Workspaces a roll-out may replace at once: a number or a percentage (not acted on yet).',
          ),
      })
      .prefault({})
      .describe('How changes reach running Workspaces.'),
    repair: z
      .object({
        policy: z
          .enum(['Replace', 'None'])
          .default('Replace')
          .describe(
            'What to do about an instance that fell silent (not acted on yet: a silent instance is reported, not replaced).',
          ),
        afterSeconds: z
          .int()
          .min(0)
          .max(86400)
          .default(300)
          .describe('Silence beyond the heartbeat timeout after which it is replaced, in seconds.'),
      })
      .prefault({})
      .describe('Repair of instances that fell silent.'),
    stopBehavior: z
      .enum(['Stop', 'Terminate'])
      .default('Stop')
      .describe('What operatingMode: Stopped does to the instance (not acted on yet).'),
    maxInstances: z
      .int()
      .min(0)
      .max(100000)
      .optional()
      .describe('Most instances of this class (not acted on yet).'),
    maxInstancesPerNamespace: z
      .int()
      .min(0)
      .max(100000)
      .optional()
      .describe('Most instances of this class in one namespace (not acted on yet).'),
  })
  .meta(
    cel(
      {
        rule: 'self.instanceTypes.all(t, self.images.exists(i, i.architecture == t.architecture))',
        message: 'images must hold one for the architecture of each instance type',
      },
      {
        rule: "!self.capacityTypes.exists(c, c == 'Spot') || self.stopBehavior == 'Terminate'",
        message: 'capacityTypes with Spot require stopBehavior: Terminate',
      },
    ),
  )
  .describe('What the platform team decides for Workspaces of this class.');

export const workspaceClassStatus = z
  .object({
    observedGeneration: z
      .int()
      .min(-1)
      .default(-1)
      .describe('metadata.generation that the status was computed from; −1 before the first time.'),
    conditions: z
      .array(condition)
      .max(16)
      .optional()
      .meta(listMap('type'))
      .describe('Conditions of the class.'),
    counts: z
      .object({
        total: z.int().min(0).describe('Workspaces of the class.'),
        current: z.int().min(0).describe('Of them, up to date.'),
        updating: z.int().min(0).describe('Of them, being launched or replaced.'),
        failing: z.int().min(0).describe('Of them, not Ready for another reason.'),
      })
      .optional()
      .describe('How many Workspaces are in which state.'),
    resolvedImages: z
      .array(
        z
          .object({
            architecture: z.string().max(16).describe('CPU architecture.'),
            id: z.string().max(64).describe('AMI id.'),
          })
          .describe('An image as it resolved.'),
      )
      .max(4)
      .optional()
      .meta(listMap('architecture'))
      .describe('The images as they last resolved.'),
  })
  .describe('What the operator last saw of the class; written by the operator alone.');

export type WorkspaceClassSpec = z.output<typeof workspaceClassSpec>;
export type WorkspaceClassStatus = z.output<typeof workspaceClassStatus>;

export interface WorkspaceClass {
  apiVersion: typeof API_VERSION;
  kind: 'WorkspaceClass';
  metadata: ObjectMeta;
  spec: WorkspaceClassSpec;
  status?: WorkspaceClassStatus;
}

/** A class name as a Workspace gives it. */
export const className = objectName;
