import type { Logger } from 'pino';
import { z } from 'zod';
import { type AgentFiles, agentDigest } from '../../agent/files.ts';
import type { KubeClient, KubeObject } from '../../controller/client/client.ts';
import { listAll } from '../../controller/client/kubeClient.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import { AGENT_LABEL, CONFIG_MAPS, selectorOf } from '../served/keptTexts.ts';
import type { AgentShelf } from './agent.ts';

const body = z.object({ data: z.object({ content: z.string() }) });

/** Requests for digests that do not exist make one list at a time, and wait this long after it for the next, ms. */
const LOOK_MS = 2_000;

export interface AgentShelfOptions {
  kube: Pick<KubeClient, 'list'>;
  /** The operator's own, where the controller keeps each agent that a launch names. */
  namespace: string;
  present: AgentFiles;
  clock: Clock;
  logger: Logger;
}

/**
 * Agents of other releases, from where the controller keeps them before a launch names them: during an upgrade a launch of
 * either release may boot through a gateway of either.
 */
export function createAgentShelf({ kube, namespace, present, clock, logger }: AgentShelfOptions): AgentShelf {
  let scripts = new Map<string, string>();
  let looking: Promise<void> | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function look(): Promise<void> {
    try {
      const { items } = await listAll<KubeObject>(kube, CONFIG_MAPS, {
        namespace,
        labelSelector: selectorOf(AGENT_LABEL),
      });
      const found = items.flatMap((item) => {
        const { data } = body.safeParse(item);
        // Named by what it holds, so that a writer there can't pass one off as another.
        return data ? [[agentDigest(data.data.content), data.data.content] as const] : [];
      });
      scripts = new Map(found);
    } catch (error) {
      logger.warn(
        { err: error, namespace },
        'agents of other releases can not be read; again when one is asked for',
      );
    }
  }

  return {
    present,
    async find(digest) {
      const known = scripts.get(digest);
      if (known !== undefined) return known;
      if (looking === undefined && clock.monotonic() - lookedAt >= LOOK_MS) {
        looking = look().finally(() => {
          looking = undefined;
          lookedAt = clock.monotonic();
        });
      }
      await looking;
      return scripts.get(digest);
    },
  };
}
