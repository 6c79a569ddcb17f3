/** The check of messages of the Debug Adapter Protocol finds what is wrong: every message of the protocol is made from its type, and spoilt in all places. */
import { expect } from 'chai';
import ts from 'typescript';
import { DapConversation } from './dap-conversation.ts';
import { DapTypes } from './dap-types.ts';

/** A parsed message, whose members are not typed. */
type Json = ReturnType<typeof JSON.parse>;

const dap = new DapTypes();

const isAny = (type: ts.Type) => (type.flags & ts.TypeFlags.Any) !== 0;
const isOptional = (property: ts.Symbol) => (property.flags & ts.SymbolFlags.Optional) !== 0;
const isNumber = (type: ts.Type) => (type.flags & ts.TypeFlags.Number) !== 0;
const elementOf = (type: ts.Type) => (dap.checker.isArrayType(type) ? dap.checker.getTypeArguments(type as ts.TypeReference)[0] : undefined);
/** The types of a union that a message can have. */
const choices = (type: ts.Type): ts.Type[] => (type.isUnion() ? type.types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined)) : [type]);

/** A value of the type: with what it must have, or with everything that it can have. */
function sample(type: ts.Type, whole: boolean, around: readonly ts.Type[] = []): Json {
  const [first] = choices(type).filter(({ flags }) => !(flags & ts.TypeFlags.Null)) as [ts.Type];
  const element = elementOf(first);
  if (isAny(first)) return { anything: 1 };
  if (element) return [sample(element, whole, around)];
  if (first.isStringLiteral()) return first.value;
  if (first.flags & ts.TypeFlags.String) return 'text';
  if (isNumber(first)) return 1;
  if (first.flags & ts.TypeFlags.BooleanLiteral) return dap.checker.typeToString(first) === 'true';
  const inside = [...around, first];
  const wanted = first.getProperties().filter((property) => !isOptional(property) || (whole && !recurs(property, inside)));
  return Object.fromEntries(wanted.map((property) => [property.name, sample(dap.checker.getTypeOfSymbol(property), whole, inside)]));
}

function recurs(property: ts.Symbol, inside: readonly ts.Type[]): boolean {
  return choices(dap.checker.getTypeOfSymbol(property)).some((type) => inside.includes(elementOf(type) ?? type));
}

/** All values that differ from a right one in one place, in which they are wrong. */
function* spoilt(type: ts.Type, value: Json, at: string): Generator<[string, Json]> {
  const all = choices(type);
  if (all.some(isAny)) return;
  const has = (flag: ts.TypeFlags) => all.some(({ flags }) => (flags & flag) !== 0);
  if (!has(ts.TypeFlags.Null)) yield [at, null];
  if (!has(ts.TypeFlags.String)) yield [at, 'no such value'];
  if (!has(ts.TypeFlags.Number)) yield [at, 4711];
  if (!has(ts.TypeFlags.BooleanLiteral)) yield [at, true];
  if (!all.some((each) => elementOf(each))) yield [at, []];
  if (!all.some((each) => each.flags & ts.TypeFlags.Object && !elementOf(each))) yield [at, {}];
  if (all.length === 1 && isNumber(all[0] as ts.Type) && !at.endsWith('.percentage')) yield [at, 1.5];
  const element = elementOf(all[0] as ts.Type);
  if (element) for (const [where, wrong] of spoilt(element, value[0], `${at}[0]`)) yield [where, [wrong]];
  // Of several objects, one may take what another does not.
  if (element || typeof value !== 'object' || Array.isArray(value) || all.length > 1) return;
  for (const property of (all[0] as ts.Type).getProperties()) {
    const { name } = property;
    if (!(name in value)) continue;
    const without = Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
    if (!isOptional(property)) yield [`${at}.${name} (absent)`, without];
    for (const [where, wrong] of spoilt(dap.checker.getTypeOfSymbol(property), value[name], `${at}.${name}`)) yield [where, { ...value, [name]: wrong }];
  }
}

const small = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

/** What a message of each interface of the protocol says of itself. */
function kindOf(name: string): object | undefined {
  const [, subject = '', kind = ''] = /^(\w+)(Request|Response|Event)$/.exec(name) ?? [];
  if (subject === '') return undefined;
  if (kind === 'Event') return { type: 'event', event: small(subject) };
  if (name === 'ErrorResponse') return { type: 'response', success: false, command: 'launch' };
  return kind === 'Request' ? { type: 'request', command: small(subject) } : { type: 'response', success: true, command: small(subject) };
}

describe('the check of messages of the Debug Adapter Protocol', () => {
  const messages = [...dap.types].flatMap(([name, type]) => {
    const kind = kindOf(name);
    return kind ? [{ name, type, kind }] : [];
  });

  it('knows every message of the protocol', () => {
    const count = (kind: string) => messages.filter(({ name }) => name.endsWith(kind)).length;
    expect([count('Request'), count('Response'), count('Event')]).to.deep.equal([45, 46, 17]);
  });

  it('finds nothing in messages with what they must have, or with all that they can have', () => {
    for (const { type, kind } of messages) {
      for (const whole of [false, true]) expect(dap.faults({ ...sample(type, whole), ...kind })).to.deep.equal([]);
    }
  });

  it('finds each thing that is wrong', () => {
    let tried = 0;
    const missed: string[] = [];
    for (const { name, type, kind } of messages) {
      const right = { ...sample(type, true), ...kind };
      for (const [where, wrong] of spoilt(type, right, name)) {
        tried += 1;
        if (dap.faults(wrong).length === 0) missed.push(`${where}: ${JSON.stringify(wrong)}`);
      }
    }
    expect(missed).to.deep.equal([]);
    expect(tried).to.be.greaterThan(5000);
  });

  it('finds numbers without the bound of the protocol, values of free names, and what is no message', () => {
    const evaluated = (namedVariables: number) => dap.faults({ seq: 1, type: 'response', request_seq: 1, success: true, command: 'evaluate', body: { result: 'x', variablesReference: 1, namedVariables } });
    expect(evaluated(2 ** 31 - 1)).to.deep.equal([]);
    expect(evaluated(2 ** 31)).to.have.length(1);
    const terminal = (env: object) => dap.faults({ seq: 1, type: 'request', command: 'runInTerminal', arguments: { cwd: '/', args: [], env } });
    expect(terminal({ A: 'text', B: null })).to.deep.equal([]);
    expect(terminal({ A: 1 })).to.have.length(1);
    for (const wrong of [null, [], 'text', {}, { seq: 1, type: 'response', request_seq: 1, success: true, command: 'error' }, { seq: 1, type: 'event', event: 'debugpyAttach' }]) expect(dap.faults(wrong)).to.have.length(1);
  });
});

describe('the check of a conversation', () => {
  const ask = (seq: number, command: string, args?: object) => ({ seq, type: 'request', command, ...(args && { arguments: args }) });
  const answer = (seq: number, to: number, command: string) => ({ seq, type: 'response', request_seq: to, success: true, command });
  const tell = (seq: number, event: string) => ({ seq, type: 'event', event });
  const initialize = ask(1, 'initialize', { adapterID: 'x' });

  /** Messages of the client begin with >, those of the adapter with <. */
  const check = (...messages: ['>' | '<', Json][]) => {
    const conversation = new DapConversation();
    for (const [side, message] of messages) if (side === '>') conversation.sent(message);
    else conversation.received(message);
    return conversation.end();
  };
  const begun: ['>' | '<', Json][] = [['>', initialize], ['<', answer(1, 1, 'initialize')]];

  it('finds nothing in one that is right', () => {
    expect(check(...begun, ['<', tell(2, 'initialized')], ['>', ask(2, 'disconnect')], ['<', answer(3, 2, 'disconnect')])).to.deep.equal([]);
  });

  for (const [what, messages] of Object.entries<['>' | '<', Json][]>({
    'a number that is not the next': [...begun, ['<', tell(3, 'initialized')]],
    'a request before the answer to initialize': [['>', initialize], ['>', ask(2, 'disconnect')], ['<', answer(1, 1, 'initialize')], ['<', answer(2, 2, 'disconnect')]],
    'an event before the answer to initialize': [['>', initialize], ['<', tell(1, 'initialized')], ['<', answer(2, 1, 'initialize')]],
    'initialize a second time': [...begun, ['>', { ...initialize, seq: 2 }], ['<', answer(2, 2, 'initialize')]],
    'initialized a second time': [...begun, ['<', tell(2, 'initialized')], ['<', tell(3, 'initialized')]],
    'an answer to nothing': [...begun, ['<', answer(2, 7, 'disconnect')]],
    'a second answer': [...begun, ['>', ask(2, 'disconnect')], ['<', answer(2, 2, 'disconnect')], ['<', answer(3, 2, 'disconnect')]],
    'an answer with the name of another request': [...begun, ['>', ask(2, 'disconnect')], ['<', answer(2, 2, 'restart')]],
    'a request without an answer': [...begun, ['>', ask(2, 'disconnect')]],
    'an event of the client': [...begun, ['>', tell(2, 'initialized')]],
    'a request that the client does not know': [...begun, ['<', ask(2, 'runInTerminal', { cwd: '/', args: [] })], ['>', { ...answer(2, 2, 'runInTerminal'), body: {} }]],
  })) {
    it(`finds ${what}`, () => {
      expect(check(...messages)).to.have.length(1);
    });
  }
});
