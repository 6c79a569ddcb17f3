/** Gives variables and properties other values. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Runtime } from 'node:inspector';
import { CdpError } from './cdp.ts';
import { valueOf } from './evaluate.ts';
import type { Container } from './handles.ts';
import type { Variables } from './variables.ts';

/** @throws Error where the text is no expression, or the variable cannot have another value */
export async function setVariable(container: Container, { name: shown, value: expression }: Pick<DebugProtocol.SetVariableArguments, 'name' | 'value'>, variables: Variables): Promise<DebugProtocol.SetVariableResponse['body']> {
  const { thread, frame, kind } = container;
  if (kind === 'getter') throw new Error('What a getter returns cannot be set.');
  const value = await valueOf({ thread, frame }, `(${expression}\n)`);
  const argument = argumentOf(value);
  if (kind === 'object') {
    const { result, exceptionDetails } = await thread.cdp.send('Runtime.callFunctionOn', {
      objectId: container.objectId, functionDeclaration: SET, arguments: [{ value: shown }, argument], silent: true, generatePreview: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description?.split('\n')[0] ?? exceptionDetails.text);
    return variables.value(thread, result);
  }
  if (!frame) throw new Error('The frame of this variable is no longer there.');
  try {
    await thread.cdp.send('Debugger.setVariableValue', { scopeNumber: container.number, variableName: shown, newValue: argument, callFrameId: frame.callFrameId });
  } catch (fault) {
    // The inspector sets only what is in functions itself.
    if (!(fault instanceof CdpError) || !NAME.test(shown)) throw fault;
    await valueOf({ thread, frame }, `${shown} = (${expression}\n)`);
  }
  return variables.value(thread, value, { frame, path: shown });
}

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** In strict mode, so that what cannot be set is a fault. */
const SET = `function (name, value) {
  'use strict';
  const key = name in this ? name : Reflect.ownKeys(this).find((each) => String(each) === name || (typeof each === 'symbol' && each.toString() === name)) ?? name;
  this[key] = value;
  return this[key];
}`;

function argumentOf(remote: Runtime.RemoteObject): Runtime.CallArgument {
  const { objectId, unserializableValue } = remote;
  if (objectId !== undefined) return { objectId };
  return unserializableValue === undefined ? { value: remote.value as unknown } : { unserializableValue };
}
