import { decodeWorkspace } from '../api/kinds/decode.ts';
import { requestVersion } from '../api/kinds/launchParams.ts';
import type { Workspace } from '../api/kinds/workspace.ts';
import type { KubeClient, KubeObject } from '../controller/client/client.ts';
import type { Random } from '../controller/lib/random.ts';
import { isEc2Failure } from '../ec2/calls/errors.ts';
import type { Ec2Calls } from '../ec2/calls/port.ts';
import { WORKSPACES } from '../reconcilers/workspace/context/deps.ts';
import { type Finding, failed, passed } from './finding.ts';

/** Workspaces looked at in each namespace, or in the cluster; and dry runs, one a class. */
const MOST_SEEN = 100;
const MOST_CLASSES = 10;
const TOKEN_BYTES = 16;

export interface DryRunOptions {
  check: string;
  kube: Pick<KubeClient, 'list'>;
  calls: Pick<Ec2Calls, 'runInstances'>;
  random: Random;
  /** Empty: all. */
  watched: readonly string[];
}

/**
 * Asks EC2, without launching, for an instance like the newest one of each class: image, network, profile, rights and tags as the
 * operator would ask again. A dry run checks neither quota nor capacity.
 */
export async function dryRuns({ check, kube, calls, random, watched }: DryRunOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [className, workspace] of await newestOfClasses(kube, watched)) {
    const { metadata, status } = workspace;
    const { params, number = 0 } = status?.launch ?? {};
    const version = params && requestVersion(params, number);
    if (!params || version === undefined) continue;
    const object = `launches of class ${className}, like that of ${metadata.namespace}/${metadata.name}`;
    const clientToken = `doctor-${random.bytes(TOKEN_BYTES).toString('hex')}`;
    try {
      const request = { params, version, userData: '#!/bin/sh\n', clientToken, dryRun: true };
      const { id } = await calls.runInstances(request);
      findings.push(
        failed(
          check,
          object,
          `a dry run was answered as if it were real, with ${id}`,
          `end ${id}, and see what aws.ec2Endpoint leads to`,
        ),
      );
    } catch (error) {
      if (!isEc2Failure(error)) throw error;
      findings.push(
        error.class === 'dryRunOK'
          ? passed(check, object, 'a dry run of RunInstances works')
          : failed(
              check,
              object,
              `a dry run of RunInstances failed (${error.code})`,
              `${error.message.split(': ').slice(2).join(': ')}`,
            ),
      );
    }
  }
  if (findings.length > 0) return findings;
  return [passed(check, 'launches', 'none is on record that a dry run could try')];
}

async function newestOfClasses(
  kube: Pick<KubeClient, 'list'>,
  watched: readonly string[],
): Promise<[string, Workspace][]> {
  const newest = new Map<string, Workspace>();
  for (const namespace of watched.length === 0 ? [undefined] : watched) {
    const { items } = await kube.list<KubeObject>(WORKSPACES, { namespace, limit: MOST_SEEN });
    for (const workspace of items.map(decodeWorkspace)) {
      if (!workspace.status?.launch?.params) continue;
      const { className } = workspace.spec;
      const known = newest.get(className);
      if (!known || submittedAt(workspace) > submittedAt(known)) newest.set(className, workspace);
    }
  }
  return [...newest].sort(([a], [b]) => a.localeCompare(b)).slice(0, MOST_CLASSES);
}

function submittedAt({ status }: Workspace): string {
  return status?.launch?.submittedAt ?? '';
}
