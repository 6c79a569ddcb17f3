/** The protocol as an OpenRPC 1.3 document. The daemon imports this file only when a client asks for the document. */
import { errorGuide, errorsOf } from './error-guide.ts';
import type { ErrorKind } from './errors.ts';
import { examples } from './examples.ts';
import { errorCodes, methods, protocolVersion, type Method } from './index.ts';
import { jsonSchemas, refPrefix, type JsonSchema, type NamedSchemas } from './json-schema.ts';

export interface ContentDescriptor {
  name: string;
  description?: string;
  required?: boolean;
  schema: JsonSchema;
}

export interface ExamplePairing {
  name: string;
  params: { name: string; value: unknown }[];
  result: { name: string; value: unknown };
}

export interface OpenRpcMethod {
  name: string;
  summary: string;
  tags: { name: string }[];
  paramStructure: 'by-name';
  params: ContentDescriptor[];
  /** Notifications have no result and no errors. */
  result?: ContentDescriptor;
  errors?: { $ref: string }[];
  examples?: ExamplePairing[];
  /** Which side sends it. */
  'x-from': 'client' | 'server' | 'both';
}

/** A type and not an interface, because only a type fits the loose object that is the result of `rpc.discover`. */
export type OpenRpc = {
  openrpc: '1.3.2';
  info: { title: string; description: string; version: string; license: { name: string } };
  methods: OpenRpcMethod[];
  components: {
    schemas: Record<string, JsonSchema>;
    errors: Record<string, { code: number; message: string }>;
  };
  'x-protocolVersion': string;
};

/** `version` is the version of the daemon. */
export function openrpc(version: string): OpenRpc {
  const named = jsonSchemas();
  // What both sides send stands there once.
  const described = methods.filter((method, at) => methods.findIndex(({ name }) => name === method.name) === at).map((method) => describe(method, named));
  return {
    openrpc: '1.3.2',
    info: {
      title: 'CodeBeaker Protocol',
      description: 'JSON-RPC 2.0 in Content-Length frames, for running code in sandboxes.',
      version,
      license: { name: 'MIT' },
    },
    methods: described,
    components: {
      schemas: reachable([...described, { $ref: `${refPrefix}Config` }], named.schemas),
      errors: Object.fromEntries(
        kinds.map((kind) => [kind, { code: errorCodes[kind], message: errorGuide[kind].meaning }]),
      ),
    },
    'x-protocolVersion': protocolVersion,
  };
}

const kinds = Object.keys(errorCodes) as ErrorKind[];

function describe(method: Method, { schemas, methods: shapes }: NamedSchemas): OpenRpcMethod {
  const params = schemas[shapes.get(method.name)?.params ?? ''] ?? {};
  const result = shapes.get(method.name)?.result ?? '';
  return {
    name: method.name,
    summary: method.summary,
    tags: [{ name: method.section }],
    paramStructure: 'by-name',
    params: contentDescriptors(params),
    ...(method.kind === 'request' && {
      result: { name: result, schema: resultSchema(result, schemas) },
      errors: errorsOf(method).map((kind) => ({ $ref: `#/components/errors/${kind}` })),
      examples: examplesOf(method.name, result),
    }),
    'x-from': methods.filter(({ name }) => name === method.name).length > 1 ? 'both' : method.from,
  };
}

function examplesOf(method: string, result: string): ExamplePairing[] {
  return examples().filter((each) => each.method === method).map(({ params, result: value }) => ({
    name: method,
    params: Object.entries(params).map(([name, param]) => ({ name, value: param as unknown })),
    result: { name: result, value },
  }));
}

/** The required params come first, as OpenRPC demands. */
function contentDescriptors({ properties = {}, required = [] }: JsonSchema): ContentDescriptor[] {
  const descriptors = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    ...(description !== undefined && { description }),
    required: required.includes(name),
    schema,
  }));
  return [...descriptors.filter((each) => each.required), ...descriptors.filter((each) => !each.required)];
}

/** Objects and enums are referred to by name; any other schema is written in place. */
function resultSchema(name: string, schemas: NamedSchemas['schemas']): JsonSchema {
  const schema = schemas[name] ?? {};
  return schema.properties ?? schema.enum ? { $ref: refPrefix + name } : schema;
}

/** The schemas to which `from` refers, directly or through others, by name. */
function reachable(from: unknown, schemas: NamedSchemas['schemas']): Record<string, JsonSchema> {
  const found = new Set<string>();
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (key !== '$ref' || typeof child !== 'string' || !child.startsWith(refPrefix)) visit(child);
      else {
        const name = child.slice(refPrefix.length);
        if (found.has(name)) continue;
        found.add(name);
        visit(schemas[name]);
      }
    }
  };
  visit(from);
  return Object.fromEntries([...found].sort().map((name) => [name, schemas[name] ?? {}]));
}
