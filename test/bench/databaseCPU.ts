import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';

const MICROSECONDS_A_TICK = 10_000;

/** Of /proc/PID/stat: parent, and the CPU time of the process and of its children that ended; microseconds (Linux, proc(5)). */
async function readStat(pid: string): Promise<{ parent: string; cpu: number; ended: number } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is the program's name, in which anything may stand.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (!fields) return undefined;
  const ticks = (...at: number[]) => at.reduce((sum, index) => sum + Number(fields[index]), 0);
  return {
    parent: fields[1] ?? '',
    cpu: ticks(11, 12) * MICROSECONDS_A_TICK,
    ended: ticks(13, 14) * MICROSECONDS_A_TICK,
  };
}

/** Returns a function that reads the CPU time of all processes of a Postgres on this machine, in microseconds. */
export async function databaseCPU(databaseURL: string): Promise<() => Promise<number>> {
  const client = new pg.Client(databaseURL);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const postmaster = (await readStat(String(rows[0]?.pid)))?.parent ?? '';
  await client.end();
  return async () => {
    const own = await readStat(postmaster);
    let sum = (own?.cpu ?? 0) + (own?.ended ?? 0);
    for (const pid of await readdir('/proc')) {
      const stat = /^\d+$/.test(pid) ? await readStat(pid) : undefined;
      if (stat?.parent === postmaster) sum += stat.cpu;
    }
    return sum;
  };
}
