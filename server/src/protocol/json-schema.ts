/**
 * Converts the shapes to JSON Schema. The name of a schema is the name of the constant that holds the shape, and the
 * notes become descriptions. The daemon imports this file only when a client asks for the OpenRPC document.
 */
import { $ZodType, registry, toJSONSchema } from 'zod/v4/core';
import * as shapes from './index.ts';
import { commonNotes, notes } from './notes.ts';

export interface JsonSchema {
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  allOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  $ref?: string;
  additionalProperties?: boolean | JsonSchema;
  propertyNames?: JsonSchema;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
}

export const refPrefix = '#/components/schemas/';

/** Shapes that are too small to have a name in the documents. */
const inline: readonly unknown[] = [shapes.Empty, shapes.Nothing];

/** The names that the params and the result of a method have in `NamedSchemas.schemas`. */
export interface MethodShapes {
  readonly params: string;
  readonly result: string;
}

export interface NamedSchemas {
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly methods: ReadonlyMap<string, MethodShapes>;
}

export function jsonSchemas(): NamedSchemas {
  const named = registry<{ id: string }>();
  const names = new Map<$ZodType, string>();
  const name = (schema: $ZodType, id: string) => {
    names.set(schema, id);
    named.add(schema, { id });
  };
  for (const [id, shape] of Object.entries(shapes)) {
    if (shape instanceof $ZodType && !inline.includes(shape)) name(shape, id);
  }

  const methods = new Map<string, MethodShapes>();
  for (const method of shapes.methods) {
    const ids = { params: `${pascal(method.name)}Params`, result: `${pascal(method.name)}Result` };
    for (const part of ['params', 'result'] as const) {
      const schema = method[part];
      const known = names.get(schema);
      if (known !== undefined) ids[part] = known;
      else if (!inline.includes(schema)) name(schema, ids[part]);
    }
    methods.set(method.name, ids);
  }

  const generated = toJSONSchema(named, {
    io: 'input',
    target: 'draft-07',
    uri: (id) => refPrefix + id,
  }).schemas as Record<string, JsonSchema & { $id?: string; $schema?: string }>;

  const schemas: Record<string, JsonSchema> = { ...inlineSchemas(methods) };
  for (const [id, { $id, $schema, ...schema }] of Object.entries(generated)) {
    schemas[id] = annotated(id, schema);
  }
  return { schemas, methods };
}

/** The schemas of methods without params or without a result. */
function inlineSchemas(methods: NamedSchemas['methods']): Record<string, JsonSchema> {
  const found: Record<string, JsonSchema> = {};
  for (const method of shapes.methods) {
    const ids = methods.get(method.name);
    if (!ids) continue;
    if (inline.includes(method.params)) found[ids.params] = { type: 'object', properties: {} };
    if (inline.includes(method.result)) found[ids.result] = { type: 'null' };
  }
  return found;
}

/** Adds the notes to a schema. The note of a field of a nested object is found under `outer.inner`. */
function annotated(id: string, schema: JsonSchema): JsonSchema {
  const own = notes[id] ?? {};
  const within = (value: JsonSchema, prefix: string): JsonSchema => {
    if (!value.properties) return value;
    const properties = Object.entries(value.properties).map(([field, inner]) => {
      const path = prefix + field;
      const note = own[path] ?? (prefix === '' ? commonNotes[field] : undefined);
      return [field, { ...within(inner, `${path}.`), ...described(note) }] as const;
    });
    return { ...value, properties: Object.fromEntries(properties) };
  };
  return { ...within(schema, ''), ...described(own['']) };
}

const described = (note: string | undefined) => (note === undefined ? {} : { description: note });

/** `session/execute` → `SessionExecute`. */
function pascal(name: string): string {
  return name.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
