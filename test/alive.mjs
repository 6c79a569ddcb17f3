/** Says what keeps this process alive, one line for each thing, so that a person finds what a test has left open. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Node has no public function that gives the handles themselves: `getActiveResourcesInfo` gives the names of their kinds
 * only. What of them has no line of its own is told by its kind.
 */
export function keptAlive() {
  const handles = process._getActiveHandles();
  const known = handles.map(({ pid }) => pid);
  const others = process.getActiveResourcesInfo().filter((kind) => /^(?:Timeout|Immediate|.*Req.*)$/.test(kind));
  return [...handles.map(describe), ...counted(others), ...children().filter((pid) => !known.includes(pid)).map((pid) => `a child: ${named(pid)}`)];
}

function describe(handle) {
  const kind = handle.constructor.name;
  if (kind === 'ChildProcess') return `${kind}: process ${handle.pid}, ${short(handle.spawnargs.join(' '))}`;
  const fd = handle._handle?.fd ?? handle.fd;
  const parts = [fd >= 0 && descriptor(fd), address(handle), handle.threadId !== undefined && `thread ${handle.threadId}`, handle.destroyed && 'destroyed'];
  return [kind, parts.filter(Boolean).join(', ')].filter(Boolean).join(': ');
}

/** A descriptor, what it leads to, and the other processes that have it open. */
function descriptor(fd) {
  if (fd <= 2) return `file descriptor ${fd}, which the process was given`;
  const target = linkOf(`/proc/self/fd/${fd}`);
  if (target === undefined) return `file descriptor ${fd}`;
  const path = target.startsWith('socket:') && unixSocket(target.slice('socket:['.length, -1))?.[7];
  const ends = others(target);
  return [`file descriptor ${fd}, which is ${target}`, path && `bound to ${path}`, ends.length > 0 && `held by ${ends.join(' and ')} too`].filter(Boolean).join(', ');
}

/** The other processes that have the same pipe or socket open, or the other end of a pair of Unix sockets: the kernel numbers both in a row. */
function others(target) {
  const [, kind, number] = /^(pipe|socket):\[(\d+)\]$/.exec(target) ?? [];
  if (kind === undefined) return [];
  const numbers = kind === 'socket' && unixSocket(number) ? [-1, 0, 1].map((step) => Number(number) + step) : [number];
  const ends = numbers.map((each) => `${kind}:[${each}]`);
  return pids().filter((pid) => pid !== process.pid && descriptorsOf(pid).some((each) => ends.includes(each))).map(named);
}

function address(handle) {
  if (handle.listening) return `listens on ${inWords(handle.address())}`;
  return handle.remoteAddress && `connected to ${handle.remoteAddress} port ${handle.remotePort}`;
}

const inWords = (place) => (typeof place === 'string' ? place : `${place?.address} port ${place?.port}`);

/** What the kernel tells of the Unix socket with this inode, if there is one: its path is the last of the columns, where it has one. */
function unixSocket(inode) {
  return textOf('/proc/net/unix').split('\n').map((line) => line.split(/\s+/)).find((columns) => columns[6] === inode);
}

function descriptorsOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

function children() {
  // The name of the program stands in brackets, and can contain brackets and blanks itself.
  return pids().filter((pid) => textOf(`/proc/${pid}/stat`).replace(/^.*\) \S /s, '').split(' ')[0] === String(process.pid));
}

function pids() {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  } catch {
    return [];
  }
}

const named = (pid) => `process ${pid} (${short(textOf(`/proc/${pid}/cmdline`))})`;

const short = (command) => command.replaceAll(/[\0\s]+/g, ' ').trim().slice(0, 120);

function counted(kinds) {
  return [...new Set(kinds)].map((kind) => `${kind}, ${kinds.filter((each) => each === kind).length} of them`);
}

function linkOf(path) {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
