/** The JSON Schema of the configuration file, with which editors complete and check it. It is made from the same shape that the daemon reads. */
import { type JsonSchema, jsonSchemas, refPrefix } from './json-schema.ts';

export interface ConfigSchema extends JsonSchema {
  readonly $schema: string;
  readonly title: string;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
}

const DEFINITIONS = '#/definitions/';

export function configSchema(): ConfigSchema {
  const { schemas } = jsonSchemas();
  const { Config: root = {}, ...others } = schemas;
  const used = new Set<string>();
  const use = (schema: JsonSchema) => {
    for (const name of referredTo(schema).filter((each) => !used.has(each))) {
      used.add(name);
      use(others[name] ?? {});
    }
  };
  use(root);
  const definitions = Object.entries(others).filter(([name]) => used.has(name)).map(([name, schema]) => [name, moved(schema)] as const);
  for (const name of ['limits', 'maxLimits']) describeLike(root.properties?.[name], schemas['Limits']);
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'The configuration of CodeBeaker', ...moved(root), definitions: Object.fromEntries(definitions) };
}

/** Takes over what is said of each property elsewhere. */
function describeLike(schema: JsonSchema | undefined, model: JsonSchema | undefined): void {
  for (const [name, property] of Object.entries(schema?.properties ?? {})) {
    const description = model?.properties?.[name]?.description;
    if (description !== undefined) property.description ??= description;
  }
}

/** The names of the schemas to which `value` refers. */
function referredTo(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' && typeof inner === 'string' ? [inner.slice(refPrefix.length)] : referredTo(inner)));
}

/**
 * The same, with all references to where a JSON Schema has its definitions. Links in descriptions lead to no page here, so
 * only their texts stay; and that a number is one which JavaScript can count with is nobody's business.
 */
function moved<T>(value: T): T {
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (key === 'maximum' && inner === Number.MAX_SAFE_INTEGER) return undefined;
    if (typeof inner !== 'string') return inner;
    if (key === '$ref') return DEFINITIONS + inner.slice(refPrefix.length);
    return key === 'description' ? inner.replace(/\[([^\]]*)\]\(#[^)]*\)/g, '$1') : inner;
  });
  return JSON.parse(text) as T;
}
