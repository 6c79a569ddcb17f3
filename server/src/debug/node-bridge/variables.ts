/** What is in scopes and in values. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Runtime } from 'node:inspector';
import type { Cdp } from './cdp.ts';
import type { Container, FrameHandle, Handles } from './handles.ts';
import { clean, cleanName, show, typeOf } from './show.ts';
import type { Shortened } from './shorten.ts';
import type { Thread } from './thread.ts';

/** How many variables are answered at once. */
const MAX_VARIABLES = 1000;
/** From how many elements on the client is told that it can ask for some of them only. */
const MANY = 100;

/** Makes an object with the properties of another one, at most so many, none of which it reads. */
const SOME = `function (filter, start, count) {
  const some = Object.create(null);
  const isIndex = (key) => typeof key === 'string' && /^(?:0|[1-9]\\d*)$/.test(key);
  const isTyped = ArrayBuffer.isView(this) && !(this instanceof DataView);
  const put = (key) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(this, key);
    if (descriptor) Object.defineProperty(some, key, { ...descriptor, configurable: true });
  };
  if (filter === 'indexed') {
    const end = Math.min(this.length, start + count);
    for (let at = start; at < end; at += 1) put(String(at));
  } else {
    let seen = 0;
    const keys = isTyped ? [] : Reflect.ownKeys(this);
    for (const key of keys) {
      if (filter === 'named' && isIndex(key)) continue;
      if (seen++ < start) continue;
      if (seen > start + count) break;
      put(key);
    }
  }
  return some;
}`;

/** How many properties of its own an object has. */
const COUNT = 'function () { return ArrayBuffer.isView(this) ? 0 : Reflect.ownKeys(this).length; }';

type Filter = Pick<DebugProtocol.VariablesArguments, 'filter' | 'start' | 'count'>;

type Named = Pick<DebugProtocol.Variable, 'name' | 'value' | 'type' | 'variablesReference' | 'evaluateName' | 'presentationHint' | 'indexedVariables' | 'namedVariables'>;

export class Variables {
  readonly #handles: Handles;

  /** What was asked for before the client has asked. */
  #foreseen: { readonly cdp: Cdp; readonly sent: number; readonly properties: Map<string, Promise<Runtime.GetPropertiesReturnType>> } | undefined;

  constructor(handles: Handles) {
    this.#handles = handles;
  }

  /** Asks for what is in the scopes of a frame before the client does. It holds as long as the inspector is asked for nothing else. */
  foresee({ thread: { cdp }, frame }: FrameHandle): void {
    const objectIds = (frame?.scopeChain ?? []).filter(({ type }) => type !== 'global').flatMap(({ object }) => object.objectId ?? []);
    if (objectIds.every((objectId) => this.#isForeseen(cdp, objectId))) return;
    const properties = new Map(objectIds.map((objectId) => [objectId, propertiesOf(cdp, objectId)]));
    // Whoever takes it is told of the fault.
    for (const asked of properties.values()) asked.catch(() => undefined);
    this.#foreseen = { cdp, sent: cdp.sent, properties };
  }

  #isForeseen(cdp: Cdp, objectId: string): boolean {
    return this.#foreseen?.cdp === cdp && this.#foreseen.sent === cdp.sent && this.#foreseen.properties.has(objectId);
  }

  #takeForeseen(cdp: Cdp, objectId: string): Promise<Runtime.GetPropertiesReturnType> | undefined {
    if (!this.#isForeseen(cdp, objectId)) return undefined;
    const asked = this.#foreseen?.properties.get(objectId);
    this.#foreseen?.properties.delete(objectId);
    return asked;
  }

  async of(container: Container, filter: Filter): Promise<DebugProtocol.Variable[]> {
    const { thread, frame } = container;
    if (container.kind === 'getter') {
      const { result } = await thread.cdp.send('Runtime.callFunctionOn', {
        objectId: container.objectId, functionDeclaration: 'function (name) { return this[name]; }', arguments: [{ value: container.name }], generatePreview: true, silent: true,
      });
      return [{ ...this.variable(container, '', result), presentationHint: { attributes: ['readOnly'] } }];
    }
    const path = container.kind === 'object' ? container.path : undefined;
    const objectId = container.kind === 'scope' ? container.scope.object.objectId : container.objectId;
    if (objectId === undefined) return [];
    const { properties, internal, more } = await this.#properties(container, objectId, filter);
    const variables = properties.map((each) => this.#property(container, objectId, each, container.kind === 'scope' ? '' : path));
    const inner = internal.filter(({ value }) => value !== undefined).map(({ name, value }) => ({
      ...this.variable({ thread, frame }, cleanName(name), value as Shortened), presentationHint: { visibility: 'internal' as const },
    }));
    const { frame: top } = container;
    const extra: Named[] = [];
    if (container.kind === 'scope' && container.scope.type === 'local' && top) {
      if (top.returnValue) extra.push(this.variable({ thread, frame }, 'Return value', top.returnValue));
      if (top.this.type !== 'undefined') extra.push(this.variable({ thread, frame, path: 'this' }, 'this', top.this));
    }
    if (more > 0) inner.push({ name: '…', value: `${more} more`, variablesReference: 0, presentationHint: { visibility: 'internal' as const } });
    return [...extra, ...variables, ...inner];
  }

  /** One value under its name. */
  variable({ thread, frame, path }: Pick<Container, 'thread' | 'frame'> & { readonly path?: string | undefined }, name: string, remote: Shortened): Named {
    return {
      name,
      ...this.value(thread, remote, { frame, path }),
      ...(path === undefined ? {} : { evaluateName: path }),
    };
  }

  /** A value, and the number by which to ask for what is in it. */
  value(thread: Thread, remote: Shortened, { frame, path, limit }: { frame?: Container['frame']; path?: string | undefined; limit?: number } = {}) {
    const length = lengthOf(remote);
    const hasMore = remote.objectId !== undefined && remote.type !== 'symbol';
    return {
      value: show(remote, limit),
      type: clean(typeOf(remote)),
      variablesReference: hasMore ? this.#handles.container({ kind: 'object', thread, frame, objectId: remote.objectId as string, length, path }) : 0,
      ...(length !== undefined && length > MANY ? { indexedVariables: length, namedVariables: 1 } : {}),
    };
  }

  async #properties(container: Container, objectId: string, { filter, start = 0, count }: Filter) {
    const { cdp } = container.thread;
    const length = container.kind === 'object' ? container.length : undefined;
    const isScope = container.kind === 'scope' && container.scope.type !== 'global';
    const own = isScope ? 0 : Number((await cdp.send('Runtime.callFunctionOn', { objectId, functionDeclaration: COUNT, returnByValue: true, silent: true })).result.value ?? 0);
    if (filter === undefined && count === undefined && start === 0 && own <= MAX_VARIABLES && (length ?? 0) <= MAX_VARIABLES) {
      const { result, internalProperties = [] } = await (this.#takeForeseen(cdp, objectId) ?? propertiesOf(cdp, objectId));
      return { properties: bounded(result), internal: internalProperties, more: 0 };
    }
    const kind = filter ?? (length === undefined ? 'all' : 'indexed');
    const wanted = Math.min(count || MAX_VARIABLES, MAX_VARIABLES);
    const { result: some } = await cdp.send('Runtime.callFunctionOn', { objectId, functionDeclaration: SOME, arguments: [{ value: kind }, { value: start }, { value: wanted }], silent: true });
    const { result } = some.objectId === undefined ? { result: [] } : await propertiesOf(cdp, some.objectId);
    const internal = filter === 'indexed' ? [] : ((await cdp.send('Runtime.getProperties', { objectId, ownProperties: true, accessorPropertiesOnly: true })).internalProperties ?? []);
    const total = kind === 'indexed' ? (length ?? 0) : own;
    return { properties: bounded(result), internal, more: count ? 0 : Math.max(0, total - start - result.length) };
  }

  #property({ thread, frame, kind }: Container, objectId: string, { name, value, get, set, symbol, enumerable, writable }: Runtime.PropertyDescriptor, path: string | undefined): Named {
    const shown = cleanName(name);
    const evaluateName = path === undefined || symbol ? undefined : pathTo(path, name);
    if (value) {
      const visible = this.variable({ thread, frame, path: evaluateName }, shown, value);
      const attributes = writable === false ? ['readOnly'] : [];
      if (kind === 'scope' || (enumerable !== false && attributes.length === 0)) return visible;
      return { ...visible, presentationHint: { attributes, ...(enumerable === false ? { visibility: 'internal' as const } : {}) } };
    }
    if (get && get.type !== 'undefined') {
      const reference = this.#handles.container({ kind: 'getter', thread, frame, objectId, name });
      return { name: shown, value: '(…)', variablesReference: reference, ...(evaluateName ? { evaluateName } : {}), presentationHint: { lazy: true } };
    }
    return { name: shown, value: set && set.type !== 'undefined' ? '(can only be set)' : '(has no value yet)', variablesReference: 0 };
  }
}

const propertiesOf = (cdp: Cdp, objectId: string) => cdp.send('Runtime.getProperties', { objectId, ownProperties: true, generatePreview: true });
const bounded = (properties: readonly Runtime.PropertyDescriptor[]) => properties.slice(0, MAX_VARIABLES + 100);

/** How many elements an array has. */
function lengthOf({ subtype, description = '' }: Runtime.RemoteObject): number | undefined {
  const isList = ['array', 'typedarray', 'internal#'].includes(subtype ?? '');
  const [, digits] = (isList && /\((\d+)\)$/.exec(description)) || [];
  return digits === undefined ? undefined : Number(digits);
}

/** An expression for a property. */
function pathTo(path: string, name: string): string {
  if (path === '') return name;
  if (/^(?:0|[1-9]\d*)$/.test(name)) return `${path}[${name}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}
