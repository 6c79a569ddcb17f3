/** The small programs that an installation with npm runs in Node. */

/**
 * Copies the files of the first argument (JSON: from → to) and runs npm with the others. Node's own header files are used
 * where they are beside it, because nothing can be fetched from elsewhere when a package has to be compiled.
 */
export const RUN_NPM = `
const fs = require('fs'), { dirname, join } = require('path'), { spawnSync } = require('child_process');
const [files, ...args] = process.argv.slice(1);
for (const [from, to] of Object.entries(JSON.parse(files))) fs.copyFileSync(from, to);
const prefix = dirname(dirname(fs.realpathSync(process.execPath)));
if (fs.existsSync(join(prefix, 'include/node/node.h'))) process.env.npm_config_nodedir = prefix;
const { status, signal, error } = spawnSync('npm', args, { stdio: 'inherit' });
if (error) throw error;
if (signal) process.kill(process.pid, signal);
process.exitCode = status;
`;

/** Prints what the folder node_modules has that is the first argument. */
export const LIST = `
const fs = require('fs'), { join } = require('path');
let packages = {};
try { ({ packages } = JSON.parse(fs.readFileSync(join(process.argv[1], '.package-lock.json'), 'utf8'))); } catch (fault) { if (fault.code !== 'ENOENT') throw fault; }
const nameOf = (place) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
process.stdout.write(JSON.stringify(Object.entries(packages).map(([place, { name, version }]) => ({ name: name ?? nameOf(place), version }))));
`;

/** Runs npm with the arguments, and ends well also where npm has found something. */
export const AUDIT = `
require('child_process').spawnSync('npm', process.argv.slice(1), { stdio: ['ignore', 'inherit', 'ignore'] });
`;
