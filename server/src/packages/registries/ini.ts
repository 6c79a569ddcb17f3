/** Reads the two kinds of INI files in which package managers are set up: npm's, and those of Python's configparser. */

export type Values = Map<string, string | boolean | string[]>;

/** npm's. Sections mean nothing to npm. Names and values may have `${VARIABLE}` in them. */
export function readNpmrc(text: string, env: Readonly<Record<string, string | undefined>>): Values {
  const values: Values = new Map();
  for (const line of text.split(/[\r\n]+/)) {
    if (/^\s*(?:[;#].*)?$/.test(line)) continue;
    if (/^\[[^\]]*\]\s*$/.test(line)) break;
    const [, name, assigned, value] = /^([^=]+)(=(.*))?$/.exec(line) ?? [];
    if (name === undefined) continue;
    const raw = replaced(unquoted(name), env);
    const read = assigned === undefined ? true : replaced(unquoted(value ?? ''), env);
    const isList = raw.length > 2 && raw.endsWith('[]');
    const key = isList ? raw.slice(0, -2) : raw;
    const before = values.get(key);
    if (isList || Array.isArray(before)) values.set(key, [...(Array.isArray(before) ? before : before === undefined ? [] : [String(before)]), String(read)]);
    else values.set(key, read === 'true' ? true : read === 'false' ? false : read);
  }
  return values;
}

/** A backslash keeps the variable as it stands; one that is not set stays, too, unless it has a question mark. */
function replaced(text: string, env: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(/(?<!\\)(\\*)\$\{([^${}?]+)(\?)?\}/g, (whole: string, slashes: string, name: string, optional?: string) => {
    if (slashes.length % 2 === 1) return whole.slice((slashes.length + 1) / 2);
    return slashes.slice(slashes.length / 2) + (env[name] ?? (optional ? '' : `\${${name}}`));
  });
}

function unquoted(raw: string): string {
  const text = raw.trim();
  if (/^".*"$/s.test(text) || /^'.*'$/s.test(text)) {
    const inner = text.startsWith("'") ? text.slice(1, -1) : text;
    try {
      const read = JSON.parse(inner) as unknown;
      return typeof read === 'string' ? read : inner;
    } catch {
      return inner;
    }
  }
  const [kept = ''] = /^(?:\\.|[^\\;#])*\\?/s.exec(text) ?? [];
  return kept.replaceAll(/\\([\\;#])/g, '$1').trim();
}

/** Python's: sections, each of them names and values. A line that is indented goes on with the value before it. */
export function readPythonIni(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let name: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*[#;]/.test(line)) continue;
    const [, title] = /^\[([^\]]+)\]/.exec(line) ?? [];
    const [, key, value] = /^([^=:\s][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (title !== undefined) {
      section = sections.get(title) ?? new Map<string, string>();
      sections.set(title, section);
      name = undefined;
    } else if (/^\s+\S/.test(line) && section && name !== undefined) {
      section.set(name, `${section.get(name) ?? ''}\n${line.trim()}`);
    } else if (section && key !== undefined) {
      name = key.toLowerCase();
      section.set(name, value ?? '');
    }
  }
  return sections;
}
