import type { Caller } from '../access/callers.ts';
import { sourceOf } from '../http/source.ts';

/**
 * For whom the limits of lists and watches count a caller: the ServiceAccounts of a namespace together, since one who can make one
 * there can make many; and callers without a name by their address.
 */
export function groupOf({ username }: Caller, address: string): string {
  if (username === '') return `address ${sourceOf(address)}`;
  const [, namespace] = /^system:serviceaccount:([^:]+):/.exec(username) ?? [];
  return namespace === undefined ? `caller ${username}` : `accounts ${namespace}`;
}
