// Removes from node_modules what Node reads in no case: types, source maps, second builds for bundlers, tests, manuals, and addons
// of another runtime (Bare's), which some packages carry for phones too.
// Licenses stay. A test starts the operator from the image, and would miss what is needed after all.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const IDLE_FILE = /\.(map|[cm]?ts|markdown|bare)$|^(?!.*(licen[cs]e|notice|copying|third)).*\.md$/i;
// Only beside a package's package.json: deeper down these names can be code.
const IDLE_FOLDER = /^(tests?|__tests__|docs?|examples?|benchmarks?|\.github|dist-es|dist-types)$/;

function prune(folder) {
  const isPackage = existsSync(join(folder, 'package.json'));
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const isIdle = entry.isDirectory() ? isPackage && IDLE_FOLDER.test(entry.name) : IDLE_FILE.test(entry.name);
    if (isIdle) rmSync(path, { recursive: true });
    else if (entry.isDirectory()) prune(path);
  }
}

prune(process.argv[2]);
