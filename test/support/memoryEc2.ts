import { ec2Failure } from '../../src/ec2/errors.ts';
import type { Ec2Calls, Instance, Page } from '../../src/ec2/port.ts';

type Query = Parameters<Ec2Calls['describeInstances']>[0];

/** One DescribeInstances that waits for its answer. */
export interface HeldRead {
  query: Query;
  /** Answers with what the cloud holds at the time of this call, or with what is given. */
  answer(items?: readonly Instance[]): void;
  fail(): void;
}

/** DescribeInstances over a map, page by page; answers at once, or when the test says so. */
export interface MemoryEc2 {
  describeInstances: Ec2Calls['describeInstances'];
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

  function select({ filters = [] }: Query): Instance[] {
    return [...instances.values()].filter((instance) =>
      filters.every(({ name, values }) =>
        name === 'instance-id'
          ? values.includes(instance.id)
          : values.includes(instance.tags[name.replace(/^tag:/, '')] ?? ''),
      ),
    );
  }

  function page(query: Query, items: readonly Instance[]): Page<Instance> {
    const from = Number(query.nextToken ?? 0);
    const to = from + pageSize;
    const slice = items.slice(from, to).map((item) => ({ ...item }));
    return to < items.length ? { items: slice, nextToken: String(to) } : { items: slice };
  }

  function failure() {
    return ec2Failure({
      class: 'ambiguous',
      code: 'InternalError',
      action: 'DescribeInstances',
      detail: 'as the test wants',
    });
  }

  return {
    instances,
    queries,
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
