/**
 * Checks messages of the Debug Adapter Protocol against its published types, which have no JSON schema beside them: what is
 * there has its type, and what must be there is. The types of TypeScript know only numbers, so what they leave out is here:
 * every number of the protocol but a percentage is whole, and has the bound that its description names.
 */
import ts from 'typescript';
import { createRequire } from 'node:module';

const declarations = createRequire(import.meta.url).resolve('@vscode/debugprotocol').replace(/\.js$/, '.d.ts');
const FRACTIONS = new Set(['percentage']);
const MAX_INT = 2 ** 31 - 1;

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

export class DapTypes {
  readonly checker: ts.TypeChecker;
  /** The interfaces and named types of the protocol, by name. */
  readonly types: ReadonlyMap<string, ts.Type>;

  constructor() {
    const program = ts.createProgram([declarations], { lib: ['lib.es5.d.ts'], types: [], strict: true });
    this.checker = program.getTypeChecker();
    const types = new Map<string, ts.Type>();
    const visit = (node: ts.Node) => {
      if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) types.set(node.name.text, this.checker.getTypeAtLocation(node));
      ts.forEachChild(node, visit);
    };
    visit(program.getSourceFile(declarations) as ts.SourceFile);
    this.types = types;
  }

  /** What is wrong with a message. */
  faults(message: any): string[] {
    if (typeof message !== 'object' || message === null || Array.isArray(message)) return ['a message that is no object'];
    const { type, command, event, success } = message;
    if (type === 'event') return this.#named(`${capital(String(event))}Event`, message);
    if (type !== 'request' && type !== 'response') return [`a message of type ${type}`];
    const name = capital(String(command));
    if (type === 'request') return this.#named(`${name}Request`, message);
    // An error may be about a request that the protocol does not have.
    if (success === false) return this.#named('ErrorResponse', message);
    return this.types.has(`${name}Request`) ? this.#named(`${name}Response`, message) : [`the protocol has no ${name}Request`];
  }

  #named(name: string, message: unknown): string[] {
    const type = this.types.get(name);
    return type ? this.#faults(type, message, name) : [`the protocol has no ${name}`];
  }

  #faults(type: ts.Type, value: unknown, at: string, property?: ts.Symbol): string[] {
    const wrong = [`${at} is ${JSON.stringify(value)?.slice(0, 100)}, which is no ${this.checker.typeToString(type)}`];
    const { flags } = type;
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
    if (type.isUnion()) return type.types.some((each) => this.#faults(each, value, at, property).length === 0) ? [] : wrong;
    if (type.isStringLiteral() || type.isNumberLiteral()) return value === type.value ? [] : wrong;
    if (flags & ts.TypeFlags.BooleanLiteral) return typeof value === 'boolean' && String(value) === this.checker.typeToString(type) ? [] : wrong;
    if (flags & ts.TypeFlags.String) return typeof value === 'string' ? [] : wrong;
    if (flags & ts.TypeFlags.Number) return isNumber(value, property, this.checker) ? [] : wrong;
    if (flags & ts.TypeFlags.Undefined) return value === undefined ? [] : wrong;
    if (flags & ts.TypeFlags.Null) return value === null ? [] : wrong;
    if (this.checker.isArrayType(type)) {
      const [element] = this.checker.getTypeArguments(type as ts.TypeReference);
      return Array.isArray(value) ? value.flatMap((each, index) => this.#faults(element as ts.Type, each, `${at}[${index}]`)) : wrong;
    }
    if (!(flags & ts.TypeFlags.Object)) throw new Error(`${at}: this does not know the type ${this.checker.typeToString(type)}`);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong;
    return [...this.#members(type, value, at), ...this.#entries(type, value, at)];
  }

  #members(type: ts.Type, value: object, at: string): string[] {
    return type.getProperties().flatMap((property) => {
      const inner = (value as Record<string, unknown>)[property.name];
      if (inner === undefined) return (property.flags & ts.SymbolFlags.Optional) !== 0 ? [] : [`${at} has no ${property.name}`];
      return this.#faults(this.checker.getTypeOfSymbol(property), inner, `${at}.${property.name}`, property);
    });
  }

  /** The values of an object whose names are free. */
  #entries(type: ts.Type, value: object, at: string): string[] {
    const [index] = this.checker.getIndexInfosOfType(type);
    return index ? Object.entries(value).flatMap(([name, inner]) => this.#faults(index.type, inner, `${at}.${name}`)) : [];
  }
}

function isNumber(value: unknown, property: ts.Symbol | undefined, checker: ts.TypeChecker): boolean {
  if (property && FRACTIONS.has(property.name)) return typeof value === 'number' && Number.isFinite(value);
  if (!Number.isSafeInteger(value)) return false;
  const said = property ? ts.displayPartsToString(property.getDocumentationComment(checker)) : '';
  return !said.includes(String(MAX_INT)) || (Math.abs(value as number) <= MAX_INT);
}
