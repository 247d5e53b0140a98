import { join } from 'node:path';
import { rolldown } from 'rolldown';
import type { Config } from '../../src/config/config.ts';

const ENTRY = 'entry.ts';
const EXPORTS = [
  ['cluster.ts', 'joinCluster'],
  ['controller/metrics.ts', 'createRuntimeMetrics'],
  ['controllerPart.ts', 'startControllerPart'],
  ['ec2/call.ts', 'createCaller'],
  ['ec2/runInput.ts', 'runInstancesInput'],
  ['gateway/credentials.ts', 'createSession, createTicket, verifySession, verifyTicket'],
  ['gateway/postgresStore.ts', 'createPostgresStore'],
] as const;

/** The operator of the checkout at `root` as one module, without its packages; it remembers this configuration. */
export async function bundleOperator(root: string, config: Config): Promise<string> {
  const lines = EXPORTS.map(
    ([file, names]) => `export { ${names} } from ${JSON.stringify(join(root, 'src', file))};`,
  );
  const bundle = await rolldown({
    input: ENTRY,
    cwd: root,
    platform: 'node',
    external: (id) => id !== ENTRY && !id.startsWith('.') && !id.startsWith('/'),
    treeshake: { moduleSideEffects: (_id, external) => !external },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) =>
          id === ENTRY
            ? [...lines, `export const config = ${JSON.stringify(config)};`].join('\n')
            : undefined,
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'esm', comments: false });
  return output[0].code;
}
