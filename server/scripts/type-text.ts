/** Describes a JSON Schema as text with links, for the type columns of PROTOCOL.md. */
import { refPrefix, type JsonSchema } from '../src/protocol/json-schema.ts';

export function typeText(schema: JsonSchema): string {
  if (schema.$ref !== undefined) return link(schema.$ref.slice(refPrefix.length));
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' or ');
  if (schema.allOf) return schema.allOf.map(typeText).join(' and ');
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' or ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeText({ ...schema, type })).join(' or ');
  if (schema.type === 'array') return arrayText(schema);
  if (schema.type === 'object') return objectText(schema);
  return (schema.type ?? 'any') + bounds(schema);
}

export const anchor = (name: string) => name.toLowerCase().replace(/[^a-z0-9 _-]/g, '').replaceAll(' ', '-');

export const link = (name: string) => `[${name}](#${anchor(name)})`;

const literal = (value: unknown) => `\`${JSON.stringify(value)}\``;

function arrayText({ items = {}, minItems }: JsonSchema): string {
  const item = typeText(items);
  return (items.anyOf ?? items.enum ? `(${item})[]` : `${item}[]`) + (minItems === undefined ? '' : ` with at least ${minItems} item${minItems === 1 ? '' : 's'}`);
}

function objectText({ properties = {}, required = [], additionalProperties, propertyNames }: JsonSchema): string {
  const fields = Object.entries(properties).map(
    ([name, value]) => `${name}${required.includes(name) ? '' : '?'}: ${typeText(value)}`,
  );
  if (fields.length > 0) return `{${fields.join(', ')}}`;
  if (!isSchema(additionalProperties)) return 'object';
  return `object of ${propertyNames?.$ref === undefined ? 'string' : typeText(propertyNames)} → ${typeText(additionalProperties)}`;
}

const isSchema = (value: boolean | JsonSchema | undefined): value is JsonSchema =>
  typeof value === 'object' && Object.keys(value).length > 0;

function bounds({ minimum, maximum, exclusiveMinimum, minLength, maxLength, pattern }: JsonSchema): string {
  const words: string[] = [];
  // The bounds of every integer are said once, in the prose.
  if (minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER) words.push(`≥ ${minimum}`);
  if (exclusiveMinimum !== undefined) words.push(`> ${exclusiveMinimum}`);
  if (maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER) words.push(`≤ ${maximum}`);
  if (minLength !== undefined) words.push(`of at least ${characters(minLength)}`);
  if (maxLength !== undefined) words.push(`of at most ${characters(maxLength)}`);
  if (pattern !== undefined) words.push(`\`${pattern}\``);
  return words.length === 0 ? '' : ` ${words.join(', ')}`;
}

const characters = (count: number) => `${count} character${count === 1 ? '' : 's'}`;
