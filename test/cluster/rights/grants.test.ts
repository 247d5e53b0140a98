import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { allows, type Grant, grantsIn } from '../accounts/grants.ts';
import { OPERATOR_USER, RBAC } from '../accounts/operatorAccount.ts';
import { type AuditedRequest, auditedRequests } from '../real/auditLog.ts';
import { realCluster } from '../real/ownCluster.ts';

/** Grants that no scenario comes to use, and why they are there all the same. */
const RARE: (Grant & { because: string })[] = [];

const isSame = (one: Grant, other: Grant) =>
  (['group', 'resource', 'verb', 'namespace', 'name'] as const).every((key) => one[key] === other[key]);

// The last file of the run: it judges what the operators of all the others asked for.
describe('deploy/rbac.yaml grants what is used', () => {
  let used: AuditedRequest[];
  let grants: Grant[];
  beforeAll(async () => {
    const access = realCluster();
    const logs = (await readdir(access.auditFolder)).filter((name) => name.startsWith('audit-'));
    const all = logs.flatMap((name) => auditedRequests(join(access.auditFolder, name)));
    used = all.filter(({ user }) => user === OPERATOR_USER);
    grants = await grantsIn(RBAC);
  });

  test('there is something to judge', () => {
    expect(used.length).toBeGreaterThan(1_000);
    expect(grants.length).toBeGreaterThan(10);
  });

  test('no request was refused for want of a right', () => {
    expect(used.filter(({ code, forbidden }) => code === 401 || forbidden)).toEqual([]);
  });

  test('no right is idle but those of rare paths, each for a reason', () => {
    const idle = grants.filter((grant) => !used.some((request) => allows(grant, request)));
    expect(idle.filter((grant) => !RARE.some((rare) => isSame(rare, grant)))).toEqual([]);
  });

  test('the rare ones are granted, and are not used after all', () => {
    expect(RARE.filter((rare) => !grants.some((grant) => isSame(rare, grant)))).toEqual([]);
    expect(RARE.filter((rare) => used.some((request) => allows(rare, request)))).toEqual([]);
  });
});
