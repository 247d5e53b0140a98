// Node loads this first (node -r): an older Node can't read TypeScript, and says nothing that helps.
// Plain JavaScript of the oldest kind, for the same reason.
'use strict';
var fs = require('fs');
var path = require('path');

var NEEDED = 24;

/** The one line that says why the program can't start here and what to do; undefined when it can. */
function whatToDo(root, version) {
  if (path.sep === '/' && root.indexOf('\\') >= 0)
    return 'Node can\'t load modules from a path with a backslash: move this folder to another path';
  if (!has(root, 'commander')) return 'the packages are not installed: run npm ci';
  if (Number(version.split('.')[0]) >= NEEDED) return undefined;
  var problem = 'Node ' + NEEDED + ' is needed and this is ' + version;
  if (!fs.existsSync(path.join(root, 'node_modules', 'node', 'bin', 'node')))
    return problem + '; npm left out the one that comes with this project: run npm ci --include=dev --ignore-scripts=false';
  if (root.indexOf(path.delimiter) >= 0)
    return problem + '; npm can\'t put the one from npm ci on a PATH, as the path of this folder has a ' + path.delimiter + ': move it to another path';
  return problem + ': start it through npm (npm run, npm test, npx), which finds the one that npm ci installed';
}

function has(root, name) {
  try {
    require.resolve(name, { paths: [root] });
    return true;
  } catch (error) {
    return false;
  }
}

function refuse(line) {
  process.stderr.write('Can\'t start: ' + line + '.\n');
  process.exit(1);
}

module.exports = { whatToDo: whatToDo, refuse: refuse };

var line = whatToDo(path.dirname(__dirname), process.versions.node);
if (line !== undefined) refuse(line);
// What V8 compiled, and types stripped, kept from start to start: half of a start's CPU. In the system's folder for temporary
// files, if there is one, or where NODE_COMPILE_CACHE says, which Node itself then uses. Without either a start goes on.
else if (!process.env.NODE_COMPILE_CACHE && require('module').enableCompileCache && fs.existsSync(require('os').tmpdir()))
  require('module').enableCompileCache();
