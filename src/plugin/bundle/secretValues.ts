import type { Kubectl } from '../base/kubectl.ts';

/** What is not in the bundle, and why. */
export interface LeftOut {
  what: string;
  why: string;
}

export interface ReadValues {
  values: Buffer[];
  leftOut: LeftOut[];
}

/** What everybody may see: certificates, and the name of a namespace. */
const PUBLIC_KEYS = ['ca.crt', 'tls.crt', 'namespace'];
/** Helm keeps whole charts there. */
const NOT_HELM = '--field-selector=type!=helm.sh/release.v1';

/** Values of Secrets, which are searched for and never written. Where they can't be read, that is said. */
export async function readValues(kubectl: Kubectl, namespaces: readonly string[]): Promise<ReadValues> {
  const [values, leftOut]: [Buffer[], LeftOut[]] = [[], []];
  for (const namespace of namespaces) {
    const args = ['get', 'secrets', `--namespace=${namespace}`, NOT_HELM, '--output=json'];
    const { code, stdout, stderr } = await kubectl.run(args);
    if (code !== 0) {
      leftOut.push({
        what: `a search for the values of Secrets of ${namespace}`,
        why: `${stderr.trim()}; what looks like a credential is taken out all the same. Read the files before you send them`,
      });
      continue;
    }
    const { items } = JSON.parse(stdout) as { items: { data?: Record<string, string> }[] };
    for (const { data = {} } of items)
      for (const [key, value] of Object.entries(data))
        if (!PUBLIC_KEYS.includes(key)) values.push(Buffer.from(value, 'base64'));
  }
  return { values, leftOut };
}
