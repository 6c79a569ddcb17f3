/** Reads what .gemrc and Bundler's configuration have of YAML: one level of names, with texts and lists of texts. */

/** What is written in another way is left out. Names lose the colon with which Ruby marks a symbol. */
export function readFlatYaml(text: string): Map<string, string | string[]> {
  const values = new Map<string, string | string[]>();
  let list: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:#.*)?$/.test(line) || /^(?:---|\.\.\.)(?:\s|$)/.test(line)) continue;
    const item = /^\s*-\s+(.*)$/.exec(line);
    const pair = /^("[^"]+"|'[^']+'|:?[^\s"'#-](?:[^:]|:(?=\S))*):(?:\s+(.*))?$/.exec(line);
    if (item) {
      const read = list && scalar(item[1] ?? '');
      if (read !== undefined) list?.push(read);
    } else if (pair) {
      const name = (scalar(pair[1] ?? '') ?? '').replace(/^:/, '');
      const rest = (pair[2] ?? '').trim();
      list = undefined;
      if (rest === '' || rest.startsWith('#')) values.set(name, (list = []));
      else if (/^\[.*\]\s*(?:#.*)?$/.test(rest)) values.set(name, flow(rest.replace(/\]\s*(?:#.*)?$/, '').slice(1)));
      else {
        const read = scalar(rest);
        if (read !== undefined) values.set(name, read);
      }
    } else {
      list = undefined;
    }
  }
  return values;
}

function flow(text: string): string[] {
  return (text.match(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,]+/g) ?? []).flatMap((each) => scalar(each.trim()) ?? []);
}

/** Undefined for anchors, tags, maps and blocks. */
function scalar(text: string): string | undefined {
  const double = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(text)?.[1];
  if (double !== undefined) return double.replaceAll(/\\(["\\/])/g, '$1');
  const single = /^'((?:[^']|'')*)'\s*(?:#.*)?$/.exec(text)?.[1];
  if (single !== undefined) return single.replaceAll("''", "'");
  return /^[&*!|>{%@`"']/.test(text) ? undefined : text.replace(/\s+#.*$/, '').trim();
}
