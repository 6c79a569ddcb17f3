/** Checks messages of the Debug Adapter Protocol against its published types: what is there has its type, and what must be there is. */
import ts from 'typescript';
import { createRequire } from 'node:module';

const declarations = createRequire(import.meta.url).resolve('@vscode/debugprotocol').replace(/\.js$/, '.d.ts');

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

export class DapTypes {
  readonly #checker: ts.TypeChecker;
  readonly #types = new Map<string, ts.Type>();

  constructor() {
    const program = ts.createProgram([declarations], { lib: ['lib.es5.d.ts'], types: [], strict: true });
    this.#checker = program.getTypeChecker();
    const visit = (node: ts.Node) => {
      if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) this.#types.set(node.name.text, this.#checker.getTypeAtLocation(node));
      ts.forEachChild(node, visit);
    };
    visit(program.getSourceFile(declarations) as ts.SourceFile);
  }

  /** What is wrong with a message. `command` is that of the request, for a response. */
  faults(message: any): string[] {
    const { type, command, event, success } = message;
    if (type === 'event') return this.#named(`${capital(event)}Event`, message);
    if (type === 'request') return this.#named(`${capital(command)}Request`, message);
    if (type !== 'response') return [`a message of type ${type}`];
    return this.#named(success ? `${capital(command)}Response` : 'ErrorResponse', message);
  }

  #named(name: string, message: unknown): string[] {
    const type = this.#types.get(name);
    return type ? this.#faults(type, message, name) : [`the protocol has no ${name}`];
  }

  #faults(type: ts.Type, value: unknown, at: string): string[] {
    const wrong = [`${at} is ${JSON.stringify(value)?.slice(0, 100)}, which is no ${this.#checker.typeToString(type)}`];
    const { flags } = type;
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
    if (type.isUnion()) return type.types.some((each) => this.#faults(each, value, at).length === 0) ? [] : wrong;
    if (type.isIntersection()) return type.types.flatMap((each) => (each.getProperties().length === 0 ? [] : this.#faults(each, value, at)));
    if (type.isStringLiteral() || type.isNumberLiteral()) return value === type.value ? [] : wrong;
    if (flags & ts.TypeFlags.BooleanLiteral) return String(value) === this.#checker.typeToString(type) ? [] : wrong;
    if (flags & ts.TypeFlags.String) return typeof value === 'string' ? [] : wrong;
    if (flags & ts.TypeFlags.Number) return typeof value === 'number' ? [] : wrong;
    if (flags & ts.TypeFlags.Boolean) return typeof value === 'boolean' ? [] : wrong;
    if (flags & ts.TypeFlags.Undefined) return value === undefined ? [] : wrong;
    if (flags & ts.TypeFlags.Null) return value === null ? [] : wrong;
    if (this.#checker.isArrayType(type)) {
      const [element] = this.#checker.getTypeArguments(type as ts.TypeReference);
      return Array.isArray(value) ? value.flatMap((each, index) => (element ? this.#faults(element, each, `${at}[${index}]`) : [])) : wrong;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong;
    return type.getProperties().flatMap((property) => {
      const inner = (value as Record<string, unknown>)[property.name];
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      if (inner === undefined) return isOptional ? [] : [`${at} has no ${property.name}`];
      return this.#faults(this.#checker.getTypeOfSymbol(property), inner, `${at}.${property.name}`);
    });
  }
}
