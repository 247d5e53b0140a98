import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { freePort } from '../../dev/ports.ts';
import { until } from '../scenarios/scene/until.ts';

const sample = z.tuple([z.number(), z.string()]);
const answer = z.object({
  status: z.literal('success'),
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: sample.optional(),
        values: z.array(sample).optional(),
      }),
    ),
  }),
});
type Series = z.output<typeof answer>['data']['result'][number];

/** A Prometheus that scrapes one operator once a second and judges rules as often. */
export interface PrometheusServer {
  /** Answers with the series of an instant query. Throws what Prometheus says of a query that it refuses. */
  query(expr: string): Promise<Series[]>;
  /** The same over the time since that moment, in Unix seconds. */
  queryRange(expr: string, sinceSeconds: number): Promise<Series[]>;
  /** Names of the alerts that fire now. */
  firing(): Promise<string[]>;
  /** Names of the alerts that fired at any moment since then, in Unix ms. */
  firedSince(unixMs: number): Promise<string[]>;
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  program: string;
  /** Host and port of the operator's metrics. */
  target: string;
  /** Text of the rule file. */
  rules: string;
}

/** Starts it on loopback, with its data in a temporary folder; resolves once the operator has been scraped. */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  const { program, target, rules } = options;
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
  const listen = `127.0.0.1:${await freePort()}`;
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [join(folder, 'rules.yaml')],
    scrape_configs: [
      {
        job_name: 'workspace-operator',
        static_configs: [{ targets: [target], labels: { cluster: 'embedded' } }],
      },
    ],
  };
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'rules.yaml'), rules);
  await writeFile(join(folder, 'prometheus.yaml'), stringify(config));
  const child = spawn(
    program,
    [
      `--config.file=${join(folder, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${listen}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-4_000);
  });
  let ended = false;
  const end = new Promise<void>((resolve) => {
    child.once('close', () => {
      ended = true;
      resolve();
    });
  });

  async function ask(path: string, params: Record<string, string>): Promise<Series[]> {
    if (ended) throw new Error(`Prometheus ended: ${said}`);
    const response = await fetch(`http://${listen}/api/v1/${path}?${new URLSearchParams(params)}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`Prometheus refuses ${JSON.stringify(params)}: ${text}`);
    return answer.parse(JSON.parse(text)).data.result;
  }

  const namesOf = (series: readonly Series[]) =>
    [...new Set(series.map(({ metric }) => metric.alertname ?? ''))].sort();
  const server: PrometheusServer = {
    query: (expr) => ask('query', { query: expr }),
    queryRange: (expr, sinceSeconds) =>
      ask('query_range', {
        query: expr,
        start: String(sinceSeconds),
        end: String(Date.now() / 1_000),
        step: '1',
      }),
    firing: async () => namesOf(await server.query('ALERTS{alertstate="firing"}')),
    async firedSince(unixMs) {
      const range = Math.max(1, Date.now() - unixMs);
      return namesOf(await server.query(`count_over_time(ALERTS{alertstate="firing"}[${range}ms])`));
    },
    async stop() {
      child.kill('SIGTERM');
      await end;
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await until('Prometheus is ready', async () => {
      if (ended) throw new Error(`Prometheus ended: ${said}`);
      // It refuses connections before it listens.
      return fetch(`http://${listen}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    await until('the operator is scraped', async () => (await server.query('up == 1')).length > 0);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}
