/** The rules for Python. */
import type { Rule } from '../rule.ts';

export const python: readonly Rule[] = [
  {
    id: 'python/unsafe-yaml',
    category: 'deserialization', severity: 'warning', cwe: 502,
    message: 'yaml.load without a safe loader can run code that the document names. Use yaml.safe_load.',
    query: `((call function: (attribute object: (identifier) @module attribute: (identifier) @name) arguments: (argument_list) @arguments) @at
      (#eq? @module "yaml") (#any-of? @name "load" "load_all" "unsafe_load" "full_load")
      (#not-match? @arguments "Safe|BaseLoader"))`,
    found: ['import yaml\nyaml.load(text)', 'yaml.load(text, Loader=yaml.Loader)'],
    clean: ['yaml.safe_load(text)', 'yaml.load(text, Loader=yaml.SafeLoader)', 'json.load(file)'],
  },
];
