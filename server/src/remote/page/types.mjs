/** JSON Schemas in words: `'utf-8' | 'base64'`, `Limits`, `string[]`. */

/** How deep shapes within shapes are shown. */
const DEPTH = 2;

export function typeOf(schema, depth = 0) {
  if (schema === undefined) return 'any';
  if (schema.$ref) return nameOf(schema);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const parts = schema.allOf ?? schema.anyOf ?? schema.oneOf;
  if (parts) return parts.map((part) => typeOf(part, depth)).join(schema.allOf ? ' & ' : ' | ');
  if (Array.isArray(schema.type)) return schema.type.join(' | ');
  if (schema.type === 'array') return `${grouped(typeOf(schema.items, depth))}[]`;
  if (schema.type === 'object') return objectType(schema, depth);
  return schema.type ?? 'any';
}

export function nameOf({ $ref }) {
  return $ref.slice($ref.lastIndexOf('/') + 1);
}

/** The members of a shape, as rows: name, type, what it means, and whether it must be there. */
export function membersOf(schema, schemas) {
  const shape = schema?.$ref ? schemas[nameOf(schema)] : schema;
  const parts = shape?.allOf ? shape.allOf.flatMap((part) => membersOf(part, schemas)) : [];
  const own = Object.entries(shape?.properties ?? {}).map(([name, member]) => ({ name, schema: member, description: member.description, required: shape.required?.includes(name) ?? false }));
  return [...parts, ...own];
}

/** The names of the shapes that a schema names, and of those that these name, in the order in which they come. */
export function shapesIn(schema, schemas, found = new Set()) {
  if (typeof schema !== 'object' || schema === null) return found;
  if (typeof schema.$ref === 'string' && !found.has(nameOf(schema))) {
    found.add(nameOf(schema));
    shapesIn(schemas[nameOf(schema)], schemas, found);
  }
  for (const part of Object.values(schema)) shapesIn(part, schemas, found);
  return found;
}

function objectType({ properties, additionalProperties }, depth) {
  if (!properties) return typeof additionalProperties === 'object' ? `{ [name]: ${typeOf(additionalProperties, depth + 1)} }` : 'object';
  if (depth >= DEPTH) return 'object';
  return `{ ${Object.entries(properties).map(([name, member]) => `${name}: ${typeOf(member, depth + 1)}`).join(', ')} }`;
}

const grouped = (type) => (type.includes(' ') && !type.startsWith('{') ? `(${type})` : type);
