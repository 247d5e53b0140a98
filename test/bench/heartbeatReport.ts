/** What one measurement found. */
export interface Sample {
  /** CPU time for each heartbeat, microseconds: of the server's processes and of Postgres. */
  cpu: number;
  database: number;
  /** Times to the answer, ms. */
  p50: number;
  p99: number;
  megabytes: number;
}

/** The most CPU that a heartbeat may take, microseconds: of the gateway, and with Postgres. */
export interface Budget {
  gateway: number;
  together: number;
}

export interface Measured {
  name: string;
  samples: readonly Sample[];
  budget?: Budget | undefined;
  /** Answers that were none of success. */
  refused(): number;
}

const middle = (numbers: readonly number[]) =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

/** One line for each server; the first of them is what the others are compared with, round by round. */
export function linesOf(runs: readonly Measured[]): string[] {
  const [bare] = runs;
  return runs.map(({ name, refused, samples }) => {
    const of = (pick: (sample: Sample) => number, digits: number) =>
      middle(samples.map(pick)).toFixed(digits);
    const all = samples.map(({ cpu }) => cpu.toFixed(1)).join(', ');
    const ratio = middle(samples.map(({ cpu }, round) => cpu / (bare?.samples[round]?.cpu ?? Number.NaN)));
    return `${name}: ${of(({ cpu }) => cpu, 1)} µs of CPU each (${all}; ${ratio.toFixed(2)} × Node’s own), Postgres ${of(({ database }) => database, 1)} µs, p50 ${of(({ p50 }) => p50, 0)} ms, p99 ${of(({ p99 }) => p99, 0)} ms, ${of(({ megabytes }) => megabytes, 0)} MB, ${refused()} refused`;
  });
}

/** Whether each server with a budget keeps it, by the median of its rounds. By CPU alone: a busy machine says nothing of times. */
export function verdictOf(runs: readonly Measured[]): { lines: string[]; holds: boolean } {
  const judged = runs.flatMap(({ name, samples, budget }) => {
    if (!budget) return [];
    const gateway = middle(samples.map(({ cpu }) => cpu));
    const together = middle(samples.map(({ cpu, database }) => cpu + database));
    const holds = gateway <= budget.gateway && together <= budget.together;
    const figures = `${gateway.toFixed(1)} of ${budget.gateway} µs, with Postgres ${together.toFixed(1)} of ${budget.together} µs`;
    return [{ holds, line: `${holds ? 'holds' : 'BROKEN'}: ${name}: ${figures}` }];
  });
  return { lines: judged.map(({ line }) => line), holds: judged.every(({ holds }) => holds) };
}
