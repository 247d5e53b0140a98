import { request } from 'undici';
import { z } from 'zod';
import { jsonLines } from '../../../src/controller/client/jsonLines.ts';
import type { Cluster } from '../../envtest/cluster.ts';

// etcd's JSON gateway: keys and values are Base64, revisions strings.
const watched = z.object({
  result: z.object({
    compact_revision: z.string().optional(),
    events: z
      .array(z.object({ kv: z.object({ key: z.string(), value: z.string().default('') }) }))
      .default([]),
  }),
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const text = (value: string): string => Buffer.from(value, 'base64').toString();

/** All that one cluster has on the etcd, every version of it, as etcd stores it: JSON, or protobuf, which has plain strings. */
export async function historyOf({ etcdURL, etcdPrefix }: Pick<Cluster, 'etcdURL' | 'etcdPrefix'>) {
  const end = `${etcdPrefix}/zzz-end`;
  const body = JSON.stringify({ key: base64(end), value: base64('end') });
  const put = await request(`${etcdURL}/v3/kv/put`, { method: 'POST', body });
  await put.body.dump();
  const secrets: string[] = [];
  const others: string[] = [];
  for await (const { key, value } of versions(etcdURL, etcdPrefix, '1')) {
    if (key === end) break;
    (key.startsWith(`${etcdPrefix}/secrets/`) ? secrets : others).push(value);
  }
  return { secrets: secrets.join('\n'), others: others.join('\n') };
}

async function* versions(
  etcdURL: string,
  prefix: string,
  from: string,
): AsyncGenerator<{ key: string; value: string }> {
  // '0' comes right after '/'.
  const create_request = { key: base64(`${prefix}/`), range_end: base64(`${prefix}0`), start_revision: from };
  const answer = await request(`${etcdURL}/v3/watch`, {
    method: 'POST',
    body: JSON.stringify({ create_request }),
  });
  try {
    for await (const line of jsonLines(answer.body)) {
      const { events, compact_revision: compacted } = watched.parse(line).result;
      if (compacted !== undefined) return yield* versions(etcdURL, prefix, compacted);
      for (const { kv } of events) yield { key: text(kv.key), value: text(kv.value) };
    }
  } finally {
    answer.body.destroy();
  }
}
