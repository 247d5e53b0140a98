import { z } from 'zod';
import { type API_VERSION, cel, type ObjectMeta, objectName, text } from '../base/meta.ts';
import {
  allowedNamespaces,
  capacityTypes,
  DEFAULT_ARCHITECTURE,
  images,
  instanceTags,
  instanceTypes,
  resourceTerms,
  rootVolume,
} from './classParts.ts';
import type { WorkspaceClassStatus } from './workspaceClassStatus.ts';

export const workspaceClassSpec = z
  .object({
    allowedNamespaces: allowedNamespaces.prefault({}),
    images,
    imageUpdatePolicy: z
      .enum(['OnLaunch', 'Automatic'])
      .default('OnLaunch')
      .describe(
        'OnLaunch: a newer image is used by the next launch. Automatic: a newer image, looked for every few minutes, is a change of the class, and is rolled out as one.',
      ),
    instanceTypes,
    capacityTypes,
    subnets: resourceTerms('subnet', 'subnet').describe('Subnets to launch in.'),
    securityGroups: resourceTerms('sg', 'security group').describe('Security groups of the instance.'),
    publicIPAddress: z
      .enum(['Subnet', 'Always', 'Never'])
      .default('Subnet')
      .describe(
        'Whether instances get a public address: as their subnet says, always, or never. A change reaches the next launch; it replaces nothing.',
      ),
    instanceProfile: text(128).min(1).optional().describe('Name of the IAM instance profile.'),
    rootVolume: rootVolume.prefault({}),
    tags: instanceTags,
    userData: text(12000)
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
          .describe(
            'How often the agent heartbeats, in seconds. It reports with its heartbeats that it distrusts the gateway: within a minute up to 40 here, later with more.',
          ),
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
          message: 'timeoutSeconds must be at least twice periodSeconds; raise it or lower periodSeconds',
          fieldPath: '.timeoutSeconds',
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
        maxUnavailable: text(8)
          .regex(/^([1-9][0-9]*|[1-9][0-9]?%|100%)$/)
          .default('10%')
          .describe(
            'How many of the class’s Workspaces may be down before a secret, spec or class change takes another one down: a number, or a percentage of those that should run, rounded down, at least one. Restarts that a person asks for, repairs and first launches do not wait.',
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
            'Replace: an instance that fell silent is replaced. None: it is reported, and replaced only when a person asks for it.',
          ),
        afterSeconds: z
          .int()
          .min(0)
          .max(86400)
          .default(300)
          .describe(
            'Silence beyond the heartbeat timeout after which it is replaced, in seconds; as long as the heartbeat timeout at least. The same time counts for status checks of EC2 that say impaired, while it is silent too.',
          ),
      })
      .prefault({})
      .describe('Repair of instances that fell silent.'),
    agentHosts: z
      .array(
        text(253)
          .min(1)
          .regex(/^(\*\.)?[a-z0-9{][a-z0-9.{}-]*$/)
          .describe(
            'A DNS name; `{name}` and `{namespace}` stand for the Workspace’s, a leading `*.` for one label.',
          ),
      )
      .max(16)
      .optional()
      .describe(
        'DNS names that an agent’s url may have besides the instance’s private address, such as `{name}.{namespace}.workspaces.example.com`. A name without `{name}` is shared: any Workspace of the class may claim it. A change replaces nothing.',
      ),
    stopBehavior: z
      .enum(['Stop', 'Terminate'])
      .default('Stop')
      .describe(
        'What operatingMode: Stopped does to the instance: stop it, its disk stays; or end it. Spot instances always end.',
      ),
    maxInstances: z
      .int()
      .min(0)
      .max(100000)
      .optional()
      .describe(
        'Most instances of this class, stopped ones included. Workspaces above it wait, in the order of creation; lowering it ends nothing.',
      ),
    maxInstancesPerNamespace: z.int().min(0).max(100000).optional().describe('The same for each namespace.'),
    requests: z
      .object({
        resume: text(128)
          .optional()
          .describe(
            'Each new non-empty value resumes, once, what status.halted holds back; removing it asks for nothing. A value present at creation counts as answered.',
          ),
      })
      .default({})
      .describe('Things a person asks for once.'),
  })
  .meta(
    cel(
      {
        rule: `self.instanceTypes.all(t, self.images.exists(i, i.architecture == (has(t.architecture) ? t.architecture : '${DEFAULT_ARCHITECTURE}')))`,
        message:
          'images must hold one for the architecture of each instance type; add the image or remove the type',
        fieldPath: '.images',
      },
      {
        rule: "!self.capacityTypes.exists(c, c == 'Spot') || self.stopBehavior == 'Terminate'",
        message: 'Spot in capacityTypes requires stopBehavior: Terminate; set it, or remove Spot',
        fieldPath: '.stopBehavior',
      },
      {
        rule: '!has(self.maxInstances) || !has(self.maxInstancesPerNamespace) || self.maxInstancesPerNamespace <= self.maxInstances',
        message: 'maxInstancesPerNamespace must not exceed maxInstances; lower it or raise maxInstances',
        fieldPath: '.maxInstancesPerNamespace',
      },
    ),
  )
  .describe('What the platform team decides for Workspaces of this class.');

export type WorkspaceClassSpec = z.output<typeof workspaceClassSpec>;

export interface WorkspaceClass {
  apiVersion: typeof API_VERSION;
  kind: 'WorkspaceClass';
  metadata: ObjectMeta;
  spec: WorkspaceClassSpec;
  status?: WorkspaceClassStatus;
}

/** A class name as a Workspace gives it. */
export const className = objectName;
