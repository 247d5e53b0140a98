import type { Logger } from 'pino';
import { z } from 'zod';
import type { KubeClient } from '../../controller/client/client.ts';
import { isNotFound } from '../../controller/client/errors.ts';
import type { HeartbeatStore } from '../store/heartbeatStore.ts';
import { type CaBundle, caBundleOf, trusts } from './caBundle.ts';
import { CONFIG_MAPS, nameOf } from './keptTexts.ts';

const body = z.object({ data: z.object({ content: z.string() }) });

export interface Trust {
  /** Launches that are heard, whose CA bundle does not stand the certificate. */
  distrusting: number;
  /** Launches that are heard and hold another bundle of ours than the present one: while there are any, the old CA must stay. */
  without: number;
  /** Launches that are heard and name a bundle that was never kept, as one that lies does. */
  unknown: number;
}

export interface TrustDeps {
  store: Pick<HeartbeatStore, 'countBundles'>;
  kube: Pick<KubeClient, 'get'>;
  /** The operator's own, where the bundles are kept that launches were made with. */
  namespace: string;
}

/** Bundles that are looked up at a count. */
const MOST_LOOK_UPS = 50;

/** How the launches take the gateway's certificate. Rejects while the database or the API server is away. */
export function createTrustCount({ store, kube, namespace }: TrustDeps) {
  const known = new Map<string, string>();

  async function textOf(digest: string): Promise<string | undefined> {
    const text = known.get(digest);
    if (text !== undefined) return text;
    try {
      const { content } = body.parse(await kube.get(CONFIG_MAPS, nameOf(digest), namespace)).data;
      if (caBundleOf(content)?.digest !== digest) return undefined;
      known.set(digest, content);
      return content;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  return async (chain: string, present: CaBundle): Promise<Trust> => {
    known.set(present.digest, present.text);
    const counts = await store.countBundles();
    const trust = { distrusting: 0, without: 0, unknown: 0 };
    // Any launch may claim any digest: a bundle of the operator's is held by many, and is looked up before those.
    const byLaunches = [...counts].sort(([, one], [, other]) => other - one);
    for (const [index, [digest, launches]] of byLaunches.entries()) {
      const text = index < MOST_LOOK_UPS ? await textOf(digest) : known.get(digest);
      if (text === undefined) {
        trust.unknown += launches;
        continue;
      }
      if (digest !== present.digest) trust.without += launches;
      if (!trusts(text, chain)) trust.distrusting += launches;
    }
    return trust;
  };
}

/** Says once when launches would not take the certificate that the gateway shows, and once when all do again. */
export function createTrustNews(logger: Logger, onNote: (note: string) => void): (trust: Trust) => void {
  let before = 0;
  return ({ distrusting, without }) => {
    if (distrusting > 0 && before === 0) {
      const note = `${distrusting} launches hold a CA bundle that does not stand the certificate which the gateway shows now; they can't heartbeat. Put the certificate before it back, or one that both bundles stand, until every launch holds the new bundle (gateway_launches_without_bundle is 0).`;
      logger.error({ event: 'gateway.distrusted', distrusting, without }, note);
      onNote(note);
    }
    if (distrusting === 0 && before > 0)
      logger.info(
        { event: 'gateway.trusted', without },
        'every launch that is heard takes the certificate again',
      );
    before = distrusting;
  };
}
