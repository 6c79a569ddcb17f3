#!/usr/bin/env node
// The command. It says in one sentence what is missing, so this file uses only what every version of Node can read.
'use strict';
var fs = require('fs');
var path = require('path');

var parts = process.versions.node.split('.').map(Number);
var program = path.join(__dirname, '..', 'dist', 'main.cjs');

if (parts[0] < 20 || (parts[0] === 20 && parts[1] < 19)) {
  refuse('CodeBeaker needs Node 20.19 or later, and this is Node ' + process.versions.node + '; install a newer one (https://nodejs.org)');
} else if (!fs.existsSync(program)) {
  refuse('CodeBeaker has not been built here yet; run "npm run build" in the folder of its repository');
} else {
  require(program);
}

function refuse(why) {
  process.stderr.write('codebeaker: ' + why + '\n');
  process.exitCode = 1;
}
