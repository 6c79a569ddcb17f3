/** The message of a log point: text with expressions in braces. */

/** Text, or an expression. */
export type Part = { readonly text: string } | { readonly expression: string };

export function partsOf(message: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (let at = message.indexOf('{'); at >= 0; at = message.indexOf('{', from)) {
    const end = closing(message, at);
    if (end < 0) break;
    if (at > from) parts.push({ text: message.slice(from, at) });
    parts.push({ expression: message.slice(at + 1, end) });
    from = end + 1;
  }
  if (from < message.length) parts.push({ text: message.slice(from) });
  return parts;
}

/** Where the brace closes that opens at `from`; -1 where it does not. */
function closing(message: string, from: number): number {
  let open = 0;
  for (let at = from; at < message.length; at += 1) {
    if (message[at] === '{') open += 1;
    else if (message[at] === '}' && --open === 0) return at;
  }
  return -1;
}
