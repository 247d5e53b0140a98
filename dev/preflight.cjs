// Node loads this first (node -r), before what is for developers: what can't work here says so in one line.
'use strict';
var fs = require('fs');
var os = require('os');
var path = require('path');

var root = path.dirname(__dirname);
// Half of a start is reading TypeScript, which need not be done twice: as in stack/compileCache.ts. First, as who starts the
// operator alone keeps it among the system's temporary files, and the cache that is enabled first stays.
if (require('module').enableCompileCache)
  require('module').enableCompileCache(path.join(root, 'node_modules', '.cache', 'compile'));
var refuse = require('../src/requireNode.cjs').refuse;

var temporary = os.tmpdir();

if (!path.isAbsolute(temporary)) refuse('TMPDIR=' + temporary + ' is relative: give the whole path');
try {
  fs.accessSync(temporary + path.sep, fs.constants.W_OK | fs.constants.X_OK);
} catch (error) {
  refuse('TMPDIR=' + temporary + ' can\'t be used (' + error.code + '): set it to a folder that you can write to');
}
// Vite takes them for parts of a URL or a pattern.
if (/\bvitest\.mjs$/.test(process.argv[1]) && /[#?%*]/.test(root))
  refuse('the tests can\'t run in ' + root + ', as Vite can\'t take #, ?, % or * in a path: move it to another path');
