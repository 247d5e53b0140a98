import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import type { Resolver } from '../../../ec2/resolve/resolve.ts';
import type { ResolvedClass } from './observe.ts';

/** Looks a class's terms up for passes, which do not wait for EC2 meanwhile: each is woken when its answer is there. */
export interface LookUps {
  /** The result of this Workspace's own look-up, which is returned once, or a known one. @throws the look-up's error: a bug */
  known(uid: string, klass: WorkspaceClass): ResolvedClass | undefined;
  begin(uid: string, klass: WorkspaceClass, key: string): void;
  /** The Workspace is gone. */
  forget(uid: string): void;
}

type Outcome = ResolvedClass | { of: WorkspaceClass; error: unknown };

export function createLookUps(resolver: Resolver, wake: (key: string) => void): LookUps {
  const found = new Map<string, Outcome>();
  const underWay = new Map<string, WorkspaceClass>();

  async function lookUp(of: WorkspaceClass): Promise<Outcome> {
    try {
      return { of, fact: await resolver.resolve(of.spec) };
    } catch (error) {
      return { of, error };
    }
  }

  return {
    known(uid, klass) {
      const mine = found.get(uid);
      found.delete(uid);
      if (mine?.of === klass) {
        if ('error' in mine) throw mine.error;
        return mine;
      }
      const fact = resolver.peek(klass.spec);
      return fact && { of: klass, fact };
    },
    begin(uid, klass, key) {
      if (underWay.get(uid) === klass) return;
      underWay.set(uid, klass);
      void lookUp(klass).then((outcome) => {
        if (underWay.get(uid) !== klass) return;
        underWay.delete(uid);
        found.set(uid, outcome);
        wake(key);
      });
    },
    forget(uid) {
      found.delete(uid);
      underWay.delete(uid);
    },
  };
}
