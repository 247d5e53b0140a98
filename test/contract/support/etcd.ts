import { request } from 'undici';

async function call(etcdURL: string, path: string, body: unknown): Promise<{ header: { revision: string } }> {
  const answer = await request(`${etcdURL}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`etcd refused ${path}: ${answer.statusCode} ${text}`);
  return JSON.parse(text);
}

/** Where an API server looks how far history was compacted (apiserver's etcd3/compact.go). */
const COMPACTED = 'compact_rev_key';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Forgets what every key was before now. (etcd's JSON gateway: keys are Base64, revisions strings.) */
export async function compactEtcd(etcdURL: string): Promise<void> {
  const { header } = await call(etcdURL, 'kv/range', { key: base64(COMPACTED) });
  const { revision } = header;
  await call(etcdURL, 'kv/put', { key: base64(COMPACTED), value: base64(revision) });
  await call(etcdURL, 'kv/compaction', { revision, physical: true });
}
