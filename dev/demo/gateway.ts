import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { z } from 'zod';

const view = z.object({
  availability: z.string(),
  reason: z.string(),
  instance: z.object({ id: z.string(), state: z.string() }).optional(),
});

/** The gateway as health probes and proxies use it. */
export interface GatewayCaller {
  /** The answer to pollers: EC2's state beside the judgement. */
  view(): Promise<{ availability: string; state: string }>;
  /** "It looks dead." Answers with the HTTP status. */
  report(): Promise<number>;
  close(): Promise<void>;
}

export async function callGateway(options: {
  url: string;
  caFile: string;
  namespace: string;
  name: string;
  /** Of somebody who may get the Workspace. */
  token: string;
}): Promise<GatewayCaller> {
  const { url, namespace, name, token } = options;
  const authorization = `Bearer ${token}`;
  const dispatcher = new Agent({ connect: { ca: await readFile(options.caFile, 'utf8') } });
  return {
    async view() {
      const answer = await request(`${url}/v1/workspaces/${namespace}/${name}`, {
        dispatcher,
        headers: { authorization },
      });
      const { availability, instance } = view.parse(await answer.body.json());
      return { availability, state: instance?.state ?? 'absent' };
    },
    async report() {
      const answer = await request(`${url}/v1/reports`, {
        method: 'POST',
        dispatcher,
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ namespace, name }),
      });
      await answer.body.dump();
      return answer.statusCode;
    },
    close: () => dispatcher.close(),
  };
}

/** One sample of the operator's metrics; 0 while it was never counted. */
export async function readMetric(metricsURL: string, series: string): Promise<number> {
  const answer = await request(metricsURL);
  const lines = (await answer.body.text()).split('\n');
  return Number(
    lines
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')
      .at(-1) ?? 0,
  );
}
