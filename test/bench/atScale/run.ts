import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { connect } from '../apiServer/connection.ts';
import { copyPilot, installFleet, settlePilot } from './fill.ts';
import { startHeartbeats } from './heartbeats.ts';
import { type Figures, measureChanges, measureStart, measureSteady } from './measure.ts';
import { startOperator } from './operator.ts';
import { pause } from './pace.ts';
import { startServers } from './servers.ts';

// The operator over a settled fleet: what it costs at rest, at a start, and when something changes for all.
// npm run bench -- --fleet 1000 [--real] [--seconds 60] [--keep]; --keep makes the figures the baseline of that size.
const BASELINE = join(import.meta.dirname, 'baseline.json');
const baselines = z.record(z.string(), z.record(z.string(), z.number()));

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1] ?? otherwise) || otherwise;
}

const count = option('--fleet', 500);
const seconds = option('--seconds', 60);
const servers = await startServers(process.argv.includes('--real'));
const connection = connect(servers.api.access);
const heartbeats = startHeartbeats(servers.databaseURL);

function print(figures: Figures, baseline: Figures | undefined): void {
  for (const [name, value] of Object.entries(figures)) {
    const base = baseline?.[name];
    const ratio =
      base === undefined || base === 0 ? '' : `  × ${(value / base).toFixed(2)} of ${rounded(base)}`;
    console.log(`${name.padEnd(42)} ${String(rounded(value)).padStart(10)}${ratio}`);
  }
}

const rounded = (value: number) => Math.round(value * 100) / 100;

try {
  console.error(`${servers.api.what}; one Workspace is brought up, and copied ${count - 1} times`);
  await installFleet(connection);
  const first = await startOperator(servers.env);
  const settled = settlePilot(connection, (workspace) => heartbeats.begin([workspace]));
  const pilot = await Promise.race([settled, first.ended]);
  // What follows its becoming Ready is written too.
  await pause(5_000);
  await first.stop();
  await heartbeats.begin(await copyPilot(connection, servers, pilot, count - 1));
  console.error('the fleet stands');
  const startedAt = performance.now();
  const operator = await startOperator(servers.env);
  const start = await measureStart(operator, startedAt, count);
  const { figures: steady, percent } = await measureSteady(operator, seconds);
  const changes = await measureChanges(connection, operator, count, percent);
  const figures = { ...start, ...steady, ...changes };
  await operator.stop();
  const name = `${count} Workspaces, ${servers.api.what}`;
  const kept = baselines.parse(JSON.parse(await readFile(BASELINE, 'utf8')));
  console.log(name);
  print(figures, kept[name]);
  if (process.argv.includes('--keep')) {
    const roundedFigures = Object.fromEntries(
      Object.entries(figures).map(([key, value]) => [key, rounded(value)]),
    );
    await writeFile(BASELINE, `${JSON.stringify({ ...kept, [name]: roundedFigures }, null, 2)}\n`);
  }
} finally {
  await heartbeats.stop();
  await connection.close();
  await servers.stop();
}
