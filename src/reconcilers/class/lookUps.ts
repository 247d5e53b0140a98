import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import type { Resolver } from '../../ec2/resolve/resolve.ts';
import { specKey } from '../../ec2/resolve/terms.ts';
import type { ClassResolution } from './decide/facts.ts';

export interface ClassLookUpsOptions {
  resolver: Pick<Resolver, 'resolve' | 'peek'>;
  clock: Pick<Clock, 'monotonic'>;
  /** A look-up has its result: look at the class again. */
  onEnd(className: string): void;
  /** A look-up that takes this long counts as unanswered until it ends, ms. Default 30,000. */
  patienceMs?: number;
}

/** Looks up classes' terms beside the passes over them, so that one look-up that hangs delays no class, not even its own. */
export interface ClassLookUps {
  /** The known resolution of these terms; begins a look-up if it is not fresh. Undefined before the first result. */
  of(klass: WorkspaceClass): ClassResolution | undefined;
  /** In how many ms an unanswered look-up counts as such; undefined when none is under way. */
  overdueInMs(name: string): number | undefined;
  forget(name: string): void;
}

interface LookUp {
  terms: string;
  begunAt: number;
  isUnderWay: boolean;
  found?: ClassResolution | undefined;
  /** The result has yet to be shown. It is shown once even if it is no longer fresh, or look-ups would follow one another. */
  isNews: boolean;
}

const UNANSWERED: ClassResolution = {
  ok: false,
  kind: 'unavailable',
  message: 'EC2 has not answered yet what it has for the class’s images, subnets and security groups.',
};

export function createClassLookUps(options: ClassLookUpsOptions): ClassLookUps {
  const { resolver, clock, onEnd, patienceMs = 30_000 } = options;
  const lookUps = new Map<string, LookUp>();

  function begin(klass: WorkspaceClass, terms: string, found: ClassResolution | undefined): void {
    const { name } = klass.metadata;
    const lookUp: LookUp = { terms, begunAt: clock.monotonic(), isUnderWay: true, found, isNews: false };
    lookUps.set(name, lookUp);
    const end = (resolution: ClassResolution) => {
      Object.assign(lookUp, { isUnderWay: false, found: resolution, isNews: true });
      if (lookUps.get(name) === lookUp) onEnd(name);
    };
    resolver.resolve(klass.spec).then(end, (error: unknown) => {
      const why = error instanceof Error ? error.message : 'an unknown error';
      end({ ok: false, kind: 'unavailable', message: `The class’s terms could not be looked up: ${why}.` });
    });
  }

  const waited = ({ begunAt }: LookUp) => clock.monotonic() - begunAt;

  return {
    of(klass) {
      const fresh = resolver.peek(klass.spec);
      if (fresh) return fresh;
      const terms = specKey(klass.spec);
      const lookUp = lookUps.get(klass.metadata.name);
      if (lookUp?.terms !== terms) {
        begin(klass, terms, undefined);
        return undefined;
      }
      const { isUnderWay, found, isNews } = lookUp;
      lookUp.isNews = false;
      if (!isUnderWay && !isNews) begin(klass, terms, found);
      return found ?? (waited(lookUp) >= patienceMs ? UNANSWERED : undefined);
    },
    overdueInMs(name) {
      const lookUp = lookUps.get(name);
      return lookUp?.isUnderWay ? Math.max(0, patienceMs - waited(lookUp)) : undefined;
    },
    forget: (name) => void lookUps.delete(name),
  };
}
