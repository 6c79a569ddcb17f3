/** Whatever a configuration file contains, it is taken or refused with words; what is taken makes a policy, and narrows one only within its bounds. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError, parseConfig } from '../../server/src/policy/config-file.ts';
import { createPolicy, narrow } from '../../server/src/policy/policy.ts';
import { ProtocolError } from '../../server/src/protocol/index.ts';
import { jsonSchemas, type JsonSchema, refPrefix } from '../../server/src/protocol/json-schema.ts';
import { forAWhile, timeoutFor } from './while.ts';

const SHARE = 0.08;
const { schemas } = jsonSchemas();

const numbers = fc.oneof(fc.integer(), fc.nat(2 ** 31), fc.double(), fc.constantFrom(0, 1, 8 * 2 ** 20, Number.MAX_SAFE_INTEGER));
const texts = fc.oneof(fc.constantFrom('/x', 'python:3', 'unix:///x', 'example.com', '*.example.com:443', '10.0.0.0/8', 'https://x/', '@team', 'session/create'), fc.string({ maxLength: 20 }));

function near(schema: JsonSchema | undefined, depth = 0): fc.Arbitrary<unknown> {
  if (!schema || depth > 6) return fc.jsonValue({ maxDepth: 1 });
  if (schema.$ref !== undefined) return near(schemas[schema.$ref.slice(refPrefix.length)], depth + 1);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const [first, ...others] = schema.anyOf ?? schema.allOf ?? [];
  if (first) return fc.oneof(near(first, depth + 1), ...others.map((other) => near(other, depth + 1)));
  const { type = 'any' } = schema;
  switch (type) {
    case 'object': {
      const members = fc.record(Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, inner]) => [key, near(inner, depth + 1)])), { requiredKeys: [] });
      return typeof schema.additionalProperties === 'object' ? fc.dictionary(fc.oneof(fc.constantFrom('python', 'docker', 'kata', '__proto__'), texts), near(schema.additionalProperties, depth + 1), { maxKeys: 3 }) : members;
    }
    case 'array':
      return fc.array(near(schema.items, depth + 1), { maxLength: 3 });
    case 'string':
      return texts;
    case 'boolean':
      return fc.boolean();
    default:
      return numbers;
  }
}

/** A text in which a piece is replaced. */
const damaged = fc.tuple(near(schemas['Config']), fc.nat(), fc.nat(10), fc.string({ unit: 'binary', maxLength: 5 })).map(([value, at, length, piece]) => {
  const text = JSON.stringify(value) ?? '';
  const start = at % (text.length + 1);
  return text.slice(0, start) + piece + text.slice(start + length);
});
const text = fc.oneof({ weight: 6, arbitrary: near(schemas['Config']).map((value) => JSON.stringify(value) ?? '') }, { weight: 3, arbitrary: damaged }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) });

function taken<T>(work: () => T, kind: typeof ConfigError | typeof ProtocolError): T | undefined {
  try {
    return work();
  } catch (fault) {
    expect(fault).to.be.instanceOf(kind);
    expect((fault as Error).message).not.to.equal('');
    return undefined;
  }
}

describe('configuration files with any content', function () {
  this.timeout(timeoutFor(SHARE));

  it('are taken or refused with words, and narrow only within their bounds', async () => {
    await forAWhile(SHARE, fc.property(text, text, (one, other) => {
      const [user, project] = [one, other].map((each) => taken(() => parseConfig(each, 'c.json'), ConfigError));
      const policy = user && createPolicy(user);
      const narrowed = policy && project && taken(() => narrow(policy, project), ProtocolError);
      if (!narrowed) return;
      for (const [name, most] of Object.entries(policy.maxLimits)) {
        if (name !== 'timeoutMs') expect(narrowed.maxLimits[name as keyof typeof narrowed.maxLimits], name).to.be.at.most(most);
      }
      expect(narrowed.sessions.max).to.be.at.most(policy.sessions.max);
      expect([...policy.allowedImages]).to.include.members([...narrowed.allowedImages]);
      expect(['none', ...policy.networkModes]).to.include.members([...narrowed.networkModes]);
    }));
  });
});
