/**
 * Ways out of a sandbox, in one JavaScript program that Node, Bun and Deno can run. It prints the names of the ways that
 * worked. On the host itself all of them work, which proves that the program would notice one in a sandbox.
 */

/** What there is to be reached on the host. */
export interface Outside {
  /** Files that hold `secret`: a person's, the system's, the daemon's, another sandbox's as the host sees it. */
  readonly files: Readonly<Record<string, string>>;
  readonly secret: string;
  /** A folder that is there and can be written. */
  readonly folder: string;
  /** Of a server on all addresses of the host. */
  readonly port: number;
  /** One of those that is not loopback. */
  readonly address: string;
  /** Of a server, as the Docker engine has one. */
  readonly socket: string;
  /** A process with the secret in its environment, to be seen and signalled. */
  readonly pid: number;
}

export function attemptsProgram(outside: Outside): string {
  return `
const outside = ${JSON.stringify(outside)};
const fs = await import("node:fs");
const net = await import("node:net");
const { spawnSync } = await import("node:child_process");

const holdsSecret = (text) => { if (!String(text).includes(outside.secret)) throw new Error("no secret"); };
const connect = (to) => new Promise((resolve, reject) => {
  const socket = net.connect(to, resolve);
  socket.on("error", reject);
  setTimeout(() => reject(new Error("late")), 2000);
}).finally(() => undefined);
const must = ({ status }) => { if (status !== 0) throw new Error("status " + status); };

const attempts = {
  ...Object.fromEntries(Object.entries(outside.files).map(([name, path]) => ["read " + name, () => holdsSecret(fs.readFileSync(path))])),
  "follow a link out": () => {
    const link = "./link-" + Math.random();
    fs.symlinkSync(Object.values(outside.files)[0], link);
    try { holdsSecret(fs.readFileSync(link)); } finally { fs.rmSync(link); }
  },
  "write outside": () => fs.writeFileSync(outside.folder + "/planted", ""),
  "write where programs are": () => { fs.writeFileSync("/usr/bin/codebeaker-planted", ""); fs.rmSync("/usr/bin/codebeaker-planted"); },
  "connect to loopback": () => connect({ port: outside.port, host: "127.0.0.1" }),
  "connect to the network": () => connect({ port: outside.port, host: outside.address }),
  "connect to the socket of an engine": () => connect({ path: outside.socket }),
  "see processes of the host": () => fs.readFileSync("/proc/" + outside.pid + "/comm", "utf8").includes("sleep") || fail(),
  "read their environment": () => holdsSecret(fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).map((pid) => { try { return fs.readFileSync("/proc/" + pid + "/environ", "latin1"); } catch { return ""; } }).join()),
  "signal them": () => process.kill(outside.pid, 0),
  "see the disk of the host": () => holdsSecret(fs.readFileSync("/proc/" + outside.pid + "/" + "root" + Object.values(outside.files)[0])),
  "change the system": () => fs.writeFileSync("/proc/sys/kernel/core_pattern", fs.readFileSync("/proc/sys/kernel/core_pattern")),
  "mount": () => must(spawnSync("mount", ["-t", "tmpfs", "none", "/mnt"])) || spawnSync("umount", ["/mnt"]),
  "make namespaces": () => must(spawnSync("unshare", ["-r", "-n", "true"])),
  "trace them": () => must(spawnSync("/usr/bin/python3", ["-c", "import ctypes,sys; PTRACE_SEIZE = 0x4206; sys.exit(0 if ctypes.CDLL(None).ptrace(PTRACE_SEIZE, int(sys.argv[1]), 0, 0) == 0 else 1)", String(outside.pid)])),
  "put text into a terminal": () => must(spawnSync("/usr/bin/python3", ["-c", "import fcntl,os,termios; m,s=os.openpty(); os.setsid(); fcntl.ioctl(s, termios.TIOCSCTTY, 0); fcntl.ioctl(s, termios.TIOCSTI, b'x')"])),
};
const fail = () => { throw new Error("no"); };
const open = [];
for (const [name, attempt] of Object.entries(attempts)) {
  try { await attempt(); open.push(name); } catch { /* closed */ }
}
console.log(JSON.stringify(open));
process.exit(0);
`;
}
