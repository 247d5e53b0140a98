import { z } from 'zod';
import { text } from '../base/meta.ts';

/** How RunInstances can be rendered from these parameters (src/ec2/launch/runInput.ts); the last one is what new launches are armed with. */
export const REQUEST_VERSIONS = [1, 2] as const;
export type RequestVersion = (typeof REQUEST_VERSIONS)[number];

/** The RunInstances input but for user data and token; kept so that a replay is byte-equal. */
export const launchParams = z
  .object({
    imageID: text(64).describe('AMI id.'),
    instanceType: text(64).describe('EC2 instance type.'),
    capacityType: z.enum(['OnDemand', 'Spot']).describe('Capacity type.'),
    subnetID: text(64).describe('Subnet.'),
    zone: text(64).describe('Availability zone of the subnet.'),
    securityGroupIDs: z.array(text(64)).max(16).describe('Security groups.'),
    publicIPAddress: z
      .boolean()
      .optional()
      .describe('Whether it gets a public address; as the subnet says without it.'),
    instanceProfile: text(128).optional().describe('Name of the IAM instance profile.'),
    rootVolume: z
      .object({
        deviceName: text(64).describe('Root device name of the image.'),
        sizeGiB: z.int().min(1).max(65536).describe('Size in GiB.'),
        type: text(16).describe('EBS volume type.'),
        iops: z.int().min(1).max(1000000).optional().describe('Provisioned IOPS.'),
        throughput: z.int().min(1).max(100000).optional().describe('Throughput in MiB/s.'),
        kmsKeyID: text(2048).optional().describe('KMS key.'),
      })
      .describe('The root volume.'),
    tags: z
      .array(
        z
          .object({
            key: text(128).describe('Tag key.'),
            value: text(256).describe('Tag value.'),
          })
          .describe('A tag.'),
      )
      .max(50)
      .describe('All tags, in the order in which they are sent.'),
    userData: z
      .object({
        stub: z.int().min(1).max(1000000).describe('Version of the boot stub.'),
        gatewayURL: text(2048).describe('Where the instance finds the gateway.'),
        caDigest: text(128)
          .optional()
          .describe('Digest of the CA bundle that the gateway’s certificate is checked with.'),
        ticketKey: text(64).describe('Id of the key that the ticket is made with.'),
        classDigest: text(128).optional().describe('Digest of the class’s user data.'),
        agentDigest: text(128)
          .optional()
          .describe('Digest of the agent that it runs; boot stubs from version 2 on name it.'),
      })
      .describe('What the user data is rendered from.'),
    request: z
      .object({
        version: z.int().min(1).max(1000000).describe('Version of the rendering.'),
        launch: z
          .int()
          .min(1)
          .describe(
            'Number of the launch that it is for; of another launch it says nothing, as a release that does not know the field leaves it behind.',
          ),
      })
      .optional()
      .describe('How RunInstances is rendered from these parameters; version 1 without it.'),
    mac: text(128)
      .optional()
      .describe(
        'Message authentication code of the operator over cluster, uid, number, submittedAt and all other parameters. Parameters without a valid one are never sent: the launch is looked up instead.',
      ),
  })
  .describe('The parameters of RunInstances as they were resolved; user data and token follow from them.');
const { imageID, instanceType, capacityType, subnetID, securityGroupIDs, instanceProfile } =
  launchParams.shape;

/** Stands for parameters that were lost with the status. */
export const foundParams = z
  .object({
    launch: z.int().min(1).describe('Number of the launch that it is of; of another launch it says nothing.'),
    imageID: imageID.optional(),
    instanceType: instanceType.optional(),
    capacityType: capacityType.optional(),
    subnetID: subnetID.optional(),
    securityGroupIDs: securityGroupIDs.optional(),
    ofClass: z
      .object({
        instanceProfile,
        rootVolume: launchParams.shape.rootVolume.omit({ deviceName: true }).describe('The root volume.'),
        script: text(128).optional().describe('Digest of the class’s user data.'),
      })
      .optional()
      .describe('What EC2 does not show, as the class said when the instance was found.'),
  })
  .describe(
    'What the instance of a launch without parameters is taken to have: what EC2 showed when it was found again after its status was lost.',
  );

export type LaunchParams = z.output<typeof launchParams>;

const NEWEST = Math.max(...REQUEST_VERSIONS);

/** The rendering version that a launch armed now records in its parameters. */
export function requestOf(launch: number, version = NEWEST): { request?: LaunchParams['request'] } {
  return version === 1 ? {} : { request: { version, launch } };
}

/** How the request of this launch is rendered; undefined when only a later release knows. */
export function requestVersion({ request }: LaunchParams, launch: number): RequestVersion | undefined {
  const version = request?.launch === launch ? request.version : 1;
  return REQUEST_VERSIONS.find((known) => known === version);
}
