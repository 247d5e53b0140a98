import { controlPlane, missingPrograms } from './binaries.ts';

// `npm run envtest` builds what is missing of the control plane; with --missing it only names that.
if (process.argv.includes('--missing')) for (const name of await missingPrograms()) console.log(name);
else console.log(await controlPlane((line) => console.log(line)));
