import { stringify } from 'yaml';

/** A kubeconfig with one context, as YAML. */
export function kubeconfigOf(url: string, caPEM: string, token: string): string {
  const name = 'workspace-dev';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: { server: url, 'certificate-authority-data': Buffer.from(caPEM).toString('base64') },
      },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  });
}
