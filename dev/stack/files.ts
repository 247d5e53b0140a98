import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { createServerCertificate } from '../apiserver/transport/certificates.ts';
import { freePort, isFree } from '../ports.ts';

const gatewayIdentity = z.object({
  port: z.int().min(1).max(65_535),
  caPEM: z.string(),
  certPEM: z.string(),
  keyPEM: z.string(),
});
export type GatewayIdentity = z.output<typeof gatewayIdentity>;

/**
 * Where instances find the gateway, and what they know it by. Both are in the user data of every instance, so a stack
 * that is kept keeps them too.
 */
export async function gatewayIdentityIn(folder: string): Promise<GatewayIdentity> {
  const file = join(folder, 'gateway.json');
  const kept = await readKept(file);
  if (kept !== undefined) {
    const identity = gatewayIdentity.parse(kept);
    if (!(await isFree(identity.port)))
      throw new Error(
        `another process listens on port ${identity.port} of 127.0.0.1, where the instances that are kept look for the gateway: end it, or forget them with npm run dev -- --fresh`,
      );
    return identity;
  }
  const made = { port: await freePort(), ...(await createServerCertificate()) };
  await writeFile(file, JSON.stringify(made), { mode: 0o600 });
  return made;
}

/**
 * The port that the API server had last time, so that a copied kubeconfig stays good; 0, for any free one, the first time
 * and when another process has taken it: the kubeconfig in the folder always has the present one.
 */
export async function apiPortIn(folder: string): Promise<number> {
  const kept = await readKept(join(folder, 'api-port.json'));
  if (kept === undefined) return 0;
  const port = z.int().parse(kept);
  return (await isFree(port)) ? port : 0;
}

/** What operator and kubectl are configured with; answers with the paths. */
export async function writeFiles(
  folder: string,
  content: { kubeconfig: string; apiURL: string; gateway: GatewayIdentity; identityCertificatePEM: string },
) {
  const paths = {
    kubeconfig: join(folder, 'kubeconfig'),
    ca: join(folder, 'gateway-ca.pem'),
    cert: join(folder, 'gateway.pem'),
    key: join(folder, 'gateway-key.pem'),
    identity: join(folder, 'ec2-identity.pem'),
  };
  await writeFile(join(folder, 'api-port.json'), new URL(content.apiURL).port);
  await writeFile(paths.kubeconfig, content.kubeconfig, { mode: 0o600 });
  await writeFile(paths.ca, content.gateway.caPEM);
  await writeFile(paths.cert, content.gateway.certPEM);
  await writeFile(paths.key, content.gateway.keyPEM, { mode: 0o600 });
  await writeFile(paths.identity, content.identityCertificatePEM);
  return paths;
}

async function readKept(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`${file} can't be used; remove the folder to begin afresh`, { cause: error });
  }
}
