import { NODE_IP, run } from './place.ts';

/** Gives this process's own network namespace an address and a way out, as a node has them. */
export async function startNetwork(): Promise<void> {
  await run('ip', 'link', 'set', 'lo', 'up');
  await run('ip', 'link', 'add', 'node0', 'type', 'bridge');
  await run('ip', 'addr', 'add', `${NODE_IP}/24`, 'dev', 'node0');
  await run('ip', 'link', 'set', 'node0', 'up');
  // Nothing is there; but a kubelet asks for the address of the way out, and kube-proxy redirects what goes that way.
  await run('ip', 'route', 'add', 'default', 'via', '10.123.0.254', 'dev', 'node0');
}
