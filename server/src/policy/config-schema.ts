/**
 * The JSON Schema of the configuration file, with which editors complete and check it. It is made from the same shape that
 * the daemon reads, and has the defaults and the least limits that the policy goes by.
 */
import { type JsonSchema, jsonSchemas, refPrefix } from '../protocol/json-schema.ts';
import { least } from './bounds.ts';
import { defaultValues } from './in-force.ts';

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
  describeLike(root.properties?.['limits'], schemas['Limits']);
  for (const name of ['limits', 'maxLimits']) raise(root.properties?.[name]);
  const schema: ConfigSchema = { $schema: 'http://json-schema.org/draft-07/schema#', title: 'The configuration of CodeBeaker', ...moved(root), definitions: Object.fromEntries(definitions) };
  for (const [key, value] of defaultValues()) setDefault(schema, key, value);
  return schema;
}

/** Takes over what is said of each property elsewhere. */
function describeLike(schema: JsonSchema | undefined, model: JsonSchema | undefined): void {
  for (const [name, property] of Object.entries(schema?.properties ?? {})) {
    const description = model?.properties?.[name]?.description;
    if (description !== undefined) property.description ??= description;
  }
}

/** Says what the least is that a limit may be. */
function raise(schema: JsonSchema | undefined): void {
  for (const [name, minimum] of Object.entries(least)) {
    const property = schema?.properties?.[name];
    if (!property) continue;
    delete property.exclusiveMinimum;
    property.minimum = minimum;
  }
}

/** What is a name that anybody may choose, such as that of a method, has no default of its own. */
function setDefault({ definitions, ...root }: ConfigSchema, key: string, value: unknown): void {
  // A section that has a description of its own refers to its shape in `allOf`.
  const shapeOf = (schema: JsonSchema) => {
    const reference = schema.allOf?.[0]?.$ref ?? schema.$ref;
    return reference === undefined ? schema : definitions[reference.slice(DEFINITIONS.length)];
  };
  const property = key.split('.').reduce<JsonSchema | undefined>((at, name) => at && shapeOf(at)?.properties?.[name], root);
  if (property) property.default = value;
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
