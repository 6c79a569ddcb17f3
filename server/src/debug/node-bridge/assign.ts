/** Gives variables and properties other values. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Debugger, Runtime } from 'node:inspector';
import { CdpError } from './cdp.ts';
import { requireSyntax } from './condition.ts';
import { isConstant } from './constants.ts';
import { evaluate, valueOf, type Where } from './evaluate.ts';
import type { Container } from './handles.ts';
import type { Thread } from './thread.ts';
import type { Variables } from './variables.ts';

type Assignment = Pick<DebugProtocol.SetVariableArguments, 'name' | 'value'>;
type Assigned = Promise<DebugProtocol.SetVariableResponse['body']>;

/** @throws Error where the text is no expression, or the variable is not there or cannot have another value */
export async function setVariable(container: Container, assignment: Assignment, variables: Variables): Assigned {
  if (container.kind === 'getter') throw new Error('What a getter returns cannot be set.');
  await requireSyntax(container.thread, assignment.value);
  if (container.kind === 'object') return setProperty(container, container.objectId, assignment, variables);
  const { scope: { type, object } } = container;
  // These scopes are objects, and what is in them is hidden where a function has a variable of the same name.
  return OBJECTS.has(type) && object.objectId !== undefined ? setProperty(container, object.objectId, assignment, variables) : setInScope(container, assignment, variables);
}

/** The value of an expression that is assigned to another one. @throws Error where it names a variable that is not there, of which an assignment would make a global one */
export async function setExpression(where: Where, { expression, value }: { readonly expression: string; readonly value: string }, variables: Variables): Assigned {
  const { thread, frame } = where;
  const name = expression.trim();
  await requireSyntax(thread, value);
  if (NAME.test(name)) {
    const found = await Promise.all((frame?.scopeChain ?? []).map(async (scope) => (OBJECTS.has(scope.type) ? undefined : namesIn(thread, scope))));
    const number = found.findIndex((names) => names?.has(name));
    const scope = frame?.scopeChain[number];
    if (scope) return setInScope({ thread, frame, kind: 'scope', number, scope }, { name, value }, variables);
    await valueOf(where, name);
  }
  const { result, ...rest } = await evaluate(where, { expression: `${expression} = (${value}\n)`, context: 'set' }, variables);
  return { value: result, ...rest };
}

async function setProperty({ thread, frame }: Container, objectId: string, { name, value }: Assignment, variables: Variables): Assigned {
  const call = async (functionDeclaration: string, given: readonly Runtime.CallArgument[]) => {
    const { result, exceptionDetails } = await thread.cdp.send('Runtime.callFunctionOn', { objectId, functionDeclaration, arguments: [{ value: name }, ...given], silent: true, generatePreview: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description?.split('\n')[0] ?? exceptionDetails.text);
    return result;
  };
  if ((await call(HAS, [])).value !== true) throw new Error(missing(name));
  const argument = argumentOf(await valueOf({ thread, frame }, `(${value}\n)`));
  return variables.value(thread, await call(SET, [argument]));
}

async function setInScope({ thread, frame, number, scope }: Extract<Container, { kind: 'scope' }>, { name, value: expression }: Assignment, variables: Variables): Assigned {
  if (!frame) throw new Error('The frame of this variable is no longer there.');
  if (!(await namesIn(thread, scope)).has(name)) throw new Error(SHOWN.has(name) ? `"${name}" cannot be changed.` : missing(name));
  if (isConstant(await textOf(thread, scope), name)) throw new Error(CONSTANT);
  const inner = await Promise.all(frame.scopeChain.slice(0, number).map((each) => namesIn(thread, each)));
  const isHidden = inner.some((names) => names.has(name));
  // The inspector would also change what is imported.
  if (!isHidden) await valueOf({ thread, frame }, `${name} = ${name}`);
  const value = await valueOf({ thread, frame }, `(${expression}\n)`);
  try {
    await thread.cdp.send('Debugger.setVariableValue', { scopeNumber: number, variableName: name, newValue: argumentOf(value), callFrameId: frame.callFrameId });
  } catch (fault) {
    // The inspector sets only what is in functions itself.
    if (!(fault instanceof CdpError) || isHidden) throw fault;
    await valueOf({ thread, frame }, `${name} = (${expression}\n)`);
  }
  return variables.value(thread, value, { frame, path: name });
}

async function namesIn({ cdp }: Thread, { object: { objectId } }: Debugger.Scope): Promise<ReadonlySet<string>> {
  if (objectId === undefined) return new Set();
  const { result } = await cdp.send('Runtime.getProperties', { objectId, ownProperties: true });
  return new Set(result.map(({ name }) => name));
}

/** The text that has declared what is in a scope. */
async function textOf(thread: Thread, { startLocation, endLocation }: Debugger.Scope): Promise<string> {
  const script = startLocation && thread.scriptAt(startLocation);
  if (!script || !endLocation) return '';
  const lines = (await thread.sourceOf(script)).split('\n').slice(startLocation.lineNumber, endLocation.lineNumber + 1);
  const last = lines.length - 1;
  lines[last] = (lines[last] ?? '').slice(0, endLocation.columnNumber);
  lines[0] = (lines[0] ?? '').slice(startLocation.columnNumber);
  return lines.join('\n');
}

const CONSTANT = 'TypeError: Assignment to constant variable.';
const missing = (name: string) => `There is no variable "${name}" here.`;

const OBJECTS: ReadonlySet<string> = new Set(['global', 'with']);
/** What is shown beside the variables of a function. */
const SHOWN: ReadonlySet<string> = new Set(['this', 'Return value']);
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** The property that is shown under a name. undefined: there is none. */
const KEY = "const key = name in this ? name : Reflect.ownKeys(this).find((each) => String(each) === name || (typeof each === 'symbol' && each.toString() === name));";
const HAS = `function (name) { ${KEY} return key !== undefined; }`;
/** In strict mode, so that what cannot be set is a fault. */
const SET = `function (name, value) { 'use strict'; ${KEY} this[key] = value; return this[key]; }`;

function argumentOf(remote: Runtime.RemoteObject): Runtime.CallArgument {
  const { objectId, unserializableValue } = remote;
  if (objectId !== undefined) return { objectId };
  return unserializableValue === undefined ? { value: remote.value as unknown } : { unserializableValue };
}
