// Tries to do what Deno's permissions forbid. Prints which attempts were successful, how much memory the program uses,
// and which file it was started from. A line before this one declares `outside`, the path of a file that it may not read.
const attempts = {
  "read files outside": () => Deno.readTextFileSync(outside),
  "write files outside": () => Deno.writeTextFileSync(outside, ""),
  "make links": () => Deno.symlinkSync(outside, "link"),
  "import files outside": () => import(outside + "?", { with: { type: "text" } }),
  "use the network": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  "start programs": () => new Deno.Command(Deno.execPath(), { args: ["--version"] }).outputSync(),
  "load libraries": () => Deno.dlopen(outside, {}),
  "read variables": () => {
    if (Deno.env.get("DENO_DIR") === undefined) throw new Error("there is no such variable");
  },
  "ask the system": () => Deno.systemMemoryInfo(),
  "import from elsewhere": () => import("https://example.com/" + Math.random()),
};
const open = [];
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
    open.push(name);
  } catch {
    // It failed, as it should.
  }
}
console.log(JSON.stringify({ open, memoryBytes: Deno.memoryUsage().rss, program: Deno.execPath() }));
