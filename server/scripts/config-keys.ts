/** Every key of the configuration with its type, out of the JSON Schema: also those inside of lists and of objects whose names anybody chooses. */
import type { ConfigSchema } from '../src/policy/config-schema.ts';
import type { JsonSchema } from '../src/protocol/json-schema.ts';

export interface ConfigKey {
  /** `NAME` stands for a name that anybody chooses, and `[]` for each item of a list. */
  readonly path: string;
  /** Without references and without a description. */
  readonly schema: JsonSchema;
  readonly description: string;
  /** Whether it must be there where the object around it is. */
  readonly required: boolean;
}

/** What stands for the names that a section has. */
const names: Readonly<Record<string, string>> = { rates: 'METHOD', 'packages.registries.npm.scopes': '@SCOPE', 'docker.runtimes': 'ID' };

export function configKeys({ definitions, ...root }: ConfigSchema): ConfigKey[] {
  /** Follows references; what is said nearer to the key counts. */
  const resolved = ({ $ref, allOf, ...schema }: JsonSchema): JsonSchema => {
    const targets = [...($ref === undefined ? [] : [definitions[$ref.replace('#/definitions/', '')] ?? {}]), ...(allOf ?? [])];
    const merged = targets.reduce<JsonSchema>((all, target) => ({ ...resolved(target), ...all }), schema);
    return {
      ...merged,
      ...(merged.items && { items: resolved(merged.items) }),
      ...(typeof merged.additionalProperties === 'object' && { additionalProperties: resolved(merged.additionalProperties) }),
    };
  };
  const within = (schema: JsonSchema, path: string): ConfigKey[] => {
    const required = new Set(schema.required ?? []);
    return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
      const inner = resolved(property);
      const at = path === '' ? name : `${path}.${name}`;
      return [{ path: at, schema: inner, description: inner.description ?? '', required: required.has(name) }, ...below(inner, at)];
    });
  };
  const below = (schema: JsonSchema, path: string): ConfigKey[] => {
    const item = resolved(schema.items ?? {});
    if (item.properties) return within(item, `${path}[]`);
    return typeof schema.additionalProperties === 'object' ? below(resolved(schema.additionalProperties), `${path}.${names[path] ?? 'NAME'}`) : within(schema, path);
  };
  return within(root, '');
}
