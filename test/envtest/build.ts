import { missingNodePrograms, nodePrograms } from '../install/node/programs.ts';
import { controlPlane, missingPrograms } from './binaries.ts';

// `npm run envtest` builds what is missing of the control plane; with --node also what a node needs, for
// `npm run test:install`; with --missing it only names that.
const withNode = process.argv.includes('--node');
const log = (line: string) => console.log(line);
if (process.argv.includes('--missing')) {
  const names = [...(await missingPrograms()), ...(withNode ? await missingNodePrograms() : [])];
  for (const name of names) console.log(name);
} else {
  console.log(await controlPlane(log));
  if (withNode) console.log(await nodePrograms(log));
}
