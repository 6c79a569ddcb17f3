#!/usr/bin/env node
// The command. It says in one sentence what is missing, so this file uses only what every version of Node can read.
'use strict';
start(process.versions.node, require('path').join(__dirname, '..', 'dist', 'main.cjs'));

function start(version, program) {
  if (isTooOld(version.split('.').map(Number))) {
    refuse('CodeBeaker needs Node 20.19 or later, and this is Node ' + version + '; install a newer one (https://nodejs.org)');
  } else if (!require('fs').existsSync(program)) {
    refuse('CodeBeaker has not been built here yet; run "npm run build" in the folder of its repository');
  } else {
    require(program);
  }
}

function isTooOld(parts) {
  return parts[0] < 20 || (parts[0] === 20 && parts[1] < 19);
}

function refuse(why) {
  process.stderr.write('codebeaker: ' + why + '\n');
  process.exitCode = 1;
}
