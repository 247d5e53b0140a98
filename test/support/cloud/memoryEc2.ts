import { ec2Failure } from '../../../src/ec2/calls/errors.ts';
import type { Ec2Calls, ImpairedCheck, Instance, Page } from '../../../src/ec2/calls/port.ts';

type Query = Parameters<Ec2Calls['describeInstances']>[0];

/** One DescribeInstances that waits for its answer. */
export interface HeldRead {
  query: Query;
  /** Answers with what the cloud holds at the time of this call, or with what is given. */
  answer(items?: readonly Instance[]): void;
  fail(): void;
}

/** DescribeInstances and DescribeInstanceStatus over maps, page by page; answers at once, or when the test says so. */
export interface MemoryEc2 {
  describeInstances: Ec2Calls['describeInstances'];
  /** Knows no instances but those that a test says are impaired; never waits. */
  describeInstanceStatus: Ec2Calls['describeInstanceStatus'];
  /** Failing status checks by instance id. */
  impaired: Map<string, readonly ImpairedCheck[]>;
  statusQueries: Parameters<Ec2Calls['describeInstanceStatus']>[0][];
  /** Status checks can't be read until a test allows it. */
  failStatus(on: boolean): void;
  instances: Map<string, Instance>;
  queries: Query[];
  /** Each item is an answer refused, in turn. */
  failNext(times: number): void;
  /** From now on reads wait in the list that this returns. */
  hold(): HeldRead[];
  release(): void;
}

export function createMemoryEc2(pageSize = 1_000): MemoryEc2 {
  const instances = new Map<string, Instance>();
  const queries: Query[] = [];
  let failures = 0;
  let held: HeldRead[] | undefined;
  const impaired: MemoryEc2['impaired'] = new Map();
  const statusQueries: MemoryEc2['statusQueries'] = [];
  let statusFails = false;

  function select({ filters = [] }: Query): Instance[] {
    return [...instances.values()].filter((instance) =>
      filters.every(({ name, values }) =>
        name === 'instance-id'
          ? values.includes(instance.id)
          : values.includes(instance.tags[name.replace(/^tag:/, '')] ?? ''),
      ),
    );
  }

  function page<T extends object>({ nextToken = '0' }: Query, items: readonly T[]): Page<T> {
    const from = Number(nextToken);
    const to = from + pageSize;
    const slice = items.slice(from, to).map((item) => ({ ...item }));
    return to < items.length ? { items: slice, nextToken: String(to) } : { items: slice };
  }

  function failure(action = 'DescribeInstances') {
    return ec2Failure({
      class: 'ambiguous',
      code: 'InternalError',
      action,
      detail: 'as the test wants',
    });
  }

  return {
    instances,
    queries,
    impaired,
    statusQueries,
    failStatus(on) {
      statusFails = on;
    },
    async describeInstanceStatus(query) {
      statusQueries.push(query);
      if (statusFails) throw failure('DescribeInstanceStatus');
      const all = [...impaired].map(([id, kinds]) => ({
        id,
        instance: kinds.includes('instance') ? 'impaired' : 'ok',
        system: kinds.includes('system') ? 'impaired' : 'ok',
      }));
      const found = all.filter((status) =>
        query.filters.every(({ name, values }) => {
          const kind = /^(instance|system)-status\.status$/.exec(name)?.[1] as ImpairedCheck | undefined;
          if (!kind) throw new Error(`the test’s EC2 knows no filter ${name}`);
          return values.includes(status[kind]);
        }),
      );
      return page(query, found);
    },
    describeInstances(query) {
      queries.push(query);
      if (failures > 0) {
        failures -= 1;
        return Promise.reject(failure());
      }
      if (!held) return Promise.resolve(page(query, select(query)));
      const list = held;
      return new Promise((resolve, reject) => {
        list.push({
          query,
          answer: (items) => resolve(page(query, items ?? select(query))),
          fail: () => reject(failure()),
        });
      });
    },
    failNext(times) {
      failures = times;
    },
    hold() {
      held = [];
      return held;
    },
    release() {
      held = undefined;
    },
  };
}
