import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { isEc2Failure } from '../../../src/ec2/calls/errors.ts';
import type { Ec2Calls, RunRequest } from '../../../src/ec2/calls/port.ts';
import { createTestCalls, launchParams } from '../../support/cloud/ec2.ts';
import { type Account, type Endpoint, startEmbedded, useMoto } from './accounts.ts';
import { type Differences, expectDifference } from './differences.ts';

/** Nothing here is about throttling. */
const FREE = { capacity: 10_000, refillPerSecond: 10_000 };
const PAGE = 5;
const MOST_SECONDS = 300;

/** A cloud that is held to the contract, through the operator's own client. */
export interface Cloud extends Account {
  calls: Ec2Calls;
  /** A launch in the account's subnet, under a token and tags of its own. */
  request(more?: RequestOptions): RunRequest;
  /** Launches it, and answers its id. */
  launch(more?: RequestOptions): Promise<string>;
  stateOf(id: string): Promise<string | undefined>;
  /** Lets the cloud's time pass until EC2 shows it in this state. */
  until(id: string, state: string): Promise<void>;
  /** Lets the cloud's time pass until the look gives what is expected, for at most five minutes of it. */
  eventually<T>(look: () => Promise<T>, expected: T): Promise<void>;
}

export interface RequestOptions extends Omit<Partial<RunRequest>, 'params'> {
  params?: Partial<RunRequest['params']>;
  tags?: Readonly<Record<string, string>>;
}

type Law = (name: string, holds: (cloud: Cloud) => Promise<void>) => void;

const motoURL = inject('motoURL');
const clouds: [string, () => Promise<Endpoint>][] = [['the embedded EC2', startEmbedded]];
if (motoURL !== null) clouds.push(['moto', () => useMoto(motoURL)]);

/**
 * Laws of EC2 as AWS documents it, run against the embedded one and, where the run has it, moto. What moto does
 * otherwise is in `differences`, by the law's name: there the law must fail, and as the entry says, so that an
 * entry goes once moto has fixed it.
 */
export function contract(title: string, differences: Differences, define: (law: Law) => void): void {
  const laws = new Map<string, (cloud: Cloud) => Promise<void>>();
  define((law, holds) => {
    if (laws.has(law)) throw new Error(`there are two laws "${law}"`);
    laws.set(law, holds);
  });
  const unknown = Object.keys(differences).filter((law) => !laws.has(law));
  if (unknown.length > 0) throw new Error(`differences name laws that are none: ${unknown.join('; ')}`);

  describe.each(clouds)(`${title}: %s`, (name, start) => {
    let endpoint: Endpoint;
    let cloud: Cloud;
    let close: () => void;
    beforeAll(async () => {
      endpoint = await start();
      ({ cloud, close } = connect(endpoint));
    });
    afterAll(async () => {
      close();
      await endpoint.stop();
    });

    for (const [law, holds] of laws) {
      const difference = name === 'moto' ? differences[law] : undefined;
      if (difference === undefined) test(law, () => holds(cloud));
      else
        test(`${law} (not on moto: ${difference.instead})`, () =>
          expectDifference(law, difference, holds(cloud)));
    }
  });
}

/** How a call ends, in one word or two: `answered`, or the failure's class and AWS's code. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'answered';
  } catch (error) {
    if (isEc2Failure(error)) return `${error.class} ${error.code}`;
    throw error;
  }
}

let launches = 0;

function connect({ url, clock, pass, account }: Endpoint): { cloud: Cloud; close(): void } {
  const { calls } = createTestCalls({
    clock,
    endpoint: url,
    ssmEndpoint: url,
    pageSize: PAGE,
    timeoutMs: 30_000,
    sizes: { RunInstances: FREE, StartInstances: FREE, Describe: FREE, DescribeUnfiltered: FREE },
  });
  const stateOf = async (id: string) => (await calls.describeInstances({ ids: [id] })).items[0]?.state;
  const request = ({ params, tags = {}, ...more }: RequestOptions = {}): RunRequest => {
    launches += 1;
    return {
      version: 1,
      userData: '#!/bin/sh\n',
      clientToken: `token-${process.pid}-${launches}`,
      ...more,
      params: {
        ...launchParams,
        imageID: account.imageID,
        instanceType: account.instanceType,
        subnetID: account.subnets[0].id,
        zone: account.subnets[0].zone,
        securityGroupIDs: [account.securityGroupID],
        instanceProfile: undefined,
        rootVolume: { deviceName: account.rootDeviceName, sizeGiB: 30, type: 'gp3' },
        tags: Object.entries({ test: 'contract', ...tags }).map(([key, value]) => ({ key, value })),
        ...params,
      },
    };
  };
  async function eventually<T>(look: () => Promise<T>, expected: T): Promise<void> {
    let found = await look();
    for (let passed = 0; passed < MOST_SECONDS && !isDeepStrictEqual(found, expected); passed += 1) {
      await pass();
      found = await look();
    }
    expect(found).toEqual(expected);
  }
  const cloud: Cloud = {
    ...account,
    calls,
    request,
    launch: async (more) => (await calls.runInstances(request(more))).id,
    stateOf,
    until: (id, state) => eventually(() => stateOf(id), state),
    eventually,
  };
  return { cloud, close: () => calls.close() };
}
