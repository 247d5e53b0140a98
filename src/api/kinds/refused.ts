import { z } from 'zod';
import { text, timestamp } from '../base/meta.ts';
import { namesOf } from '../base/table.ts';
import { REFUSALS } from '../reasons/refusals.ts';

const capacityType = z.enum(['OnDemand', 'Spot']);

export const fallback = z
  .object({
    from: capacityType.describe('The capacity type that the class prefers.'),
    code: text(128).describe('Why EC2 did not give it: AWS’s error code.'),
  })
  .describe(
    'Set where the launch asks for another capacity type than the class prefers, as EC2 refused that one lately. On-Demand costs more than Spot.',
  );

export const refusals = z
  .array(
    z
      .object({
        class: z.enum(namesOf(REFUSALS)).describe('What kind of refusal it was.'),
        code: text(128).describe(
          'AWS’s error code; `SpotInstanceTermination` where it took a Spot instance back soon after its launch.',
        ),
        instanceType: text(64).describe('EC2 instance type that was asked for.'),
        capacityType: capacityType.describe('Capacity type.'),
        zone: text(64).describe('Availability zone.'),
        subnetID: text(64).describe('Subnet.'),
        imageID: text(64).optional().describe('AMI id.'),
        at: timestamp.describe('When EC2 refused it.'),
        until: timestamp.describe('Until when nothing is asked for that the refusal speaks of.'),
        mac: text(128)
          .optional()
          .describe('Shows that the operator wrote it, as `launch.params.mac` does for parameters.'),
      })
      .describe('A launch that EC2 refused.'),
  )
  .max(16)
  .describe(
    'What EC2 refused this Workspace lately, newest first. All Workspaces heed it: a quota that is full for one is full for others.',
  );
