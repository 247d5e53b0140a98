import { cp, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import type { Config } from '../../../src/config/config.ts';

const ENTRY = 'entry.ts';
const EXPORTS = [
  ['cluster/cluster.ts', 'joinCluster'],
  ['controller/serve/metrics.ts', 'createRuntimeMetrics'],
  ['operator/controllerPart.ts', 'startControllerPart'],
  ['ec2/calls/call.ts', 'createCaller'],
  ['ec2/launch/runInput.ts', 'runInstancesInput'],
  ['gateway/access/credentials.ts', 'createSession, createTicket, verifySession, verifyTicket'],
  ['gateway/store/postgresStore.ts', 'createPostgresStore'],
] as const;

/** What its files look for beside themselves. */
const FILES = ['src/agent/agent.sh', 'src/gateway/schema'];

/** Writes the operator of the checkout at `root` into the folder, with the files that it reads. */
export async function freezeOperator(root: string, config: Config, folder: string): Promise<void> {
  for (const file of FILES) await cp(join(root, file), join(folder, file), { recursive: true });
  await writeFile(join(folder, 'operator.mjs'), await bundleOperator(root, config));
}

/** The operator as one module, without its packages; it remembers this configuration. */
async function bundleOperator(root: string, config: Config): Promise<string> {
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
        // A file goes on looking where it was, below the module's own folder.
        transform: (code, id) =>
          code.replaceAll(
            'import.meta.dirname',
            `(import.meta.dirname + ${JSON.stringify(`/${relative(root, dirname(id))}`)})`,
          ),
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'esm', comments: false });
  return output[0].code;
}
