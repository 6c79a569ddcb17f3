/** Takes the messages out of a stream of the Debug Adapter Protocol. It shares no code with the daemon. */
type Json = ReturnType<typeof JSON.parse>;

/** @param take gets each message @returns what gets each piece of the stream */
export function dapFrames(take: (message: Json) => void): (chunk: Buffer) => void {
  let held = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const head = held.indexOf('\r\n\r\n');
      if (head < 0) return;
      const [, digits] = /^Content-Length: (\d+)$/.exec(held.toString('latin1', 0, head)) ?? [];
      if (digits === undefined) throw new Error(`no header of a message: ${JSON.stringify(held.toString('latin1', 0, Math.min(head, 200)))}`);
      const end = head + 4 + Number(digits);
      if (held.length < end) return;
      const message = JSON.parse(held.toString('utf8', head + 4, end));
      held = held.subarray(end);
      take(message);
    }
  };
}
