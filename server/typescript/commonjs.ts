/** What can be told of a file in CommonJS without running it. */

/** Whether code uses what only CommonJS has. Code that a runtime takes for either kind otherwise is a module. */
export function usesCommonJs(code: string): boolean {
  return /(?<![.\w$])(?:require\s*\(|module\s*[.[]|exports\s*[.[=]|__(?:dirname|filename)\b)/.test(code);
}

/** Whether code is a module by its syntax. */
export function looksLikeModule(code: string): boolean {
  return /^\s*(?:import\b(?!\s*\()|export\b)/m.test(code);
}

/** The names that a file in CommonJS exports, as far as its text says. `default` is not among them. */
export function exportsOf(code: string): string[] {
  const names = [
    ...matches(code, /(?<![.\w$])(?:module\s*\.\s*)?exports\s*\.\s*([A-Za-z_$][\w$]*)\s*=(?!=)/g),
    ...matches(code, /\bdefineProperty\s*\(\s*(?:module\s*\.\s*)?exports\s*,\s*["']([A-Za-z_$][\w$]*)["']/g),
    ...matches(code, /(?<![.\w$])module\s*\.\s*exports\s*=\s*\{([^}]*)\}/g).flatMap((body) => matches(body, /(?:^|,)\s*([A-Za-z_$][\w$]*)\s*(?=[,:(]|$)/g)),
  ];
  return [...new Set(names)].filter((name) => name !== 'default' && name !== '__esModule');
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found);
}

/** A module that stands for a file in CommonJS: it requires the file when it runs, and exports what the file does. */
export function moduleAround(path: string, code: string): string {
  const names = exportsOf(code);
  return [
    'import { createRequire as $require } from "node:module";',
    `const $module = $require(import.meta.url)(${JSON.stringify(path)});`,
    'export default $module;',
    ...names.map((name, at) => `const $${at} = $module?.${name};`),
    `export { ${names.map((name, at) => `$${at} as ${name}`).join(', ')} };`,
  ].join(' ');
}
