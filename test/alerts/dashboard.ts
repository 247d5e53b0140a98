import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const FILE = join(import.meta.dirname, '..', '..', 'deploy', 'dashboards', 'workspace-operator.json');
const grid = z.strictObject({ h: z.int(), w: z.int(), x: z.int(), y: z.int() });
const target = z.looseObject({ expr: z.string(), legendFormat: z.string(), refId: z.string() });
const panel = z.looseObject({
  id: z.int(),
  type: z.string(),
  title: z.string(),
  gridPos: grid,
  targets: z.array(target).default([]),
});
const dashboard = z.looseObject({ uid: z.string().max(40), panels: z.array(panel) });

/** The dashboard that the project ships. */
export async function readDashboard() {
  return dashboard.parse(JSON.parse(await readFile(FILE, 'utf8')));
}

/** What Prometheus is asked where the person chose nothing. */
export function askedOf(expr: string): string {
  return expr.replaceAll(/\$(cluster|class)\b/g, '.*');
}
