import { TAG } from '../api/launch/tags.ts';
import type { KubeClient } from '../controller/client/client.ts';
import type { Random } from '../controller/lib/random.ts';
import { isEc2Failure } from '../ec2/calls/errors.ts';
import type { Ec2Calls } from '../ec2/calls/port.ts';
import { dryRuns } from './dryRun.ts';
import { type Check, type Finding, failed, passed } from './finding.ts';

const CHECK = 'aws';
const NAMESPACES = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };

export interface AwsCheckOptions {
  kube: Pick<KubeClient, 'get' | 'list'>;
  calls: Pick<Ec2Calls, 'describeInstances' | 'runInstances'>;
  region: string;
  random: Random;
  /** Namespaces that are watched; empty: all. */
  watched: readonly string[];
}

/** Checks that EC2 answers the controller's calls and knows the identity, and by dry runs that it may launch. */
export function awsCheck({ kube, calls, region, random, watched }: AwsCheckOptions): Check {
  const object = `EC2 in ${region}`;
  return {
    name: CHECK,
    object,
    async run() {
      const { metadata } = await kube.get(NAMESPACES, 'kube-system');
      try {
        const filters = [{ name: `tag:${TAG.cluster}`, values: [metadata.uid] }];
        const { items, nextToken } = await calls.describeInstances({ filters });
        const count = `${items.length}${nextToken === undefined ? '' : ' or more'}`;
        const answers = passed(CHECK, object, `DescribeInstances works; instances of this cluster: ${count}`);
        return [answers, ...(await launches())];
      } catch (error) {
        if (!isEc2Failure(error)) throw error;
        return [failed(CHECK, object, `DescribeInstances failed (${error.code})`, nextStep(error.code))];
      }
    },
  };

  async function launches(): Promise<Finding[]> {
    try {
      return await dryRuns({ check: CHECK, kube, calls, random, watched });
    } catch (error) {
      const cause = error instanceof Error ? error.message : 'they failed for an unknown reason';
      return [failed(CHECK, 'launches', `no dry run: ${cause}`, 'correct that, then run the check again')];
    }
  }
}

function nextStep(code: string): string {
  if (/^(UnauthorizedOperation|AccessDenied)/.test(code))
    return 'attach the policy of deploy/iam/controller.yaml to the controller’s role';
  if (/Credential|AuthFailure|InvalidClientTokenId|ExpiredToken|SignatureDoesNotMatch/i.test(code))
    return 'give the controller’s ServiceAccount its role (controller.serviceAccount.annotations, or a Pod Identity association)';
  return 'check aws.region, and that proxy, NAT gateway or VPC endpoint and NetworkPolicies let port 443 of EC2 through';
}
