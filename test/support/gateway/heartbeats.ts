import type { Heartbeat } from '../../../src/gateway/store/heartbeatStore.ts';
import type { TestDatabase } from './postgres.ts';

export const ENV_A = `k1:${'a'.repeat(64)}`;
export const ENV_B = `k1:${'b'.repeat(64)}`;

/** The first heartbeat of launch 1 of Workspace u1, by default. */
export function heartbeat(over: Partial<Heartbeat> = {}): Heartbeat {
  return {
    uid: 'u1',
    number: 1,
    boot: 1,
    seq: 1,
    env: ENV_A,
    timeoutMs: 60_000,
    acknowledged: false,
    ...over,
  };
}

const LAUNCH_TIMES = ['created_at', 'last_heartbeat_at', 'recheck_at', 'changed_at'];

/** Moves the rows' times back, as if `ms` milliseconds had gone by since. */
export async function age(
  database: TestDatabase,
  ms: number,
  table = 'workspace_launch',
  columns = LAUNCH_TIMES,
): Promise<void> {
  const sets = columns.map((column) => `${column} = ${column} - ${ms} * interval '1 ms'`);
  await database.query(`UPDATE ${table} SET ${sets.join(', ')}`);
}
