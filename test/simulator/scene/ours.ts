import type { InstanceRecord } from '../../../dev/ec2/base/model.ts';
import { tagMap } from '../../../dev/ec2/base/tags.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import { clientToken } from '../../../src/api/launch/token.ts';

/** The launch that an instance's tags name. */
export interface Named {
  uid: string;
  number: number;
  /** EC2's token says that a request of that launch made it, and no copy of its tags. */
  isOurs: boolean;
}

export function named(tags: Readonly<Record<string, string>>, token: string | undefined): Named {
  const uid = tags[TAG.uid] ?? '';
  const number = Number(tags[TAG.number]);
  return { uid, number, isOurs: token === clientToken(tags[TAG.cluster] ?? '', uid, number) };
}

/** A change of tags makes another list of them. */
const read = new WeakMap<InstanceRecord['tags'], Named>();

export function namedBy({ tags, clientToken: token }: InstanceRecord): Named {
  const known = read.get(tags) ?? named(tagMap(tags), token);
  read.set(tags, known);
  return known;
}

export function isOurs(instance: InstanceRecord): boolean {
  return namedBy(instance).isOurs;
}
