import type { Clock } from '../../controller/lib/clock.ts';
import type { Ec2Calls, Image, Resolution } from '../calls/port.ts';
import { createHeldAnswers } from './heldAnswers.ts';
import { resolveImage } from './resolveImage.ts';
import { resolveNetwork } from './resolveNetwork.ts';
import { type ResolvableSpec, specKey } from './terms.ts';

export interface ResolverOptions {
  calls: Pick<Ec2Calls, 'describeImages' | 'describeSubnets' | 'describeSecurityGroups' | 'getParameter'>;
  clock: Clock;
  /** How long what was found is used without asking again. Default 60,000 ms. */
  ttlMs?: number;
  /** How long "there is none" and "could not be asked" are. Default 5,000 ms. */
  errorTtlMs?: number;
}

/** Turns a class's terms into what EC2 has for them. Classes that are alike, and callers at the same time, share the calls. */
export interface Resolver {
  /** A refusal by EC2, or a term without a match, is a Resolution too. */
  resolve(spec: ResolvableSpec): Promise<Resolution>;
  /** The last resolution while it is fresh, without a call. */
  peek(spec: ResolvableSpec): Resolution | undefined;
}

export function createResolver(options: ResolverOptions): Resolver {
  const { calls, clock, ttlMs = 60_000, errorTtlMs = 5_000 } = options;
  const known = createHeldAnswers<Resolution>({ clock, ttlMs: ({ ok }) => (ok ? ttlMs : errorTtlMs) });

  async function ask(spec: ResolvableSpec): Promise<Resolution> {
    const [network, ...candidates] = await Promise.all([
      resolveNetwork(calls, spec),
      ...spec.images.map((term, index) => resolveImage(calls, term, index)),
    ]);
    const images: Image[] = [];
    for (const candidate of candidates) {
      if (!candidate.ok) return candidate;
      images.push(candidate.image);
    }
    if (!network.ok) return network;
    return Object.freeze({
      ok: true,
      images,
      subnets: network.subnets,
      securityGroupIDs: network.securityGroupIDs,
      groupsByTerm: network.groupsByTerm,
    });
  }

  return {
    resolve: (spec) => known.get(specKey(spec), () => ask(spec)),
    peek: (spec) => known.peek(specKey(spec)),
  };
}
