/** Types for programs in other languages, which are imported as text: `import script from './keeper.sh' with { type: 'text' }`. */
declare module '*.py' {
  const text: string;
  export default text;
}
declare module '*.rb' {
  const text: string;
  export default text;
}
declare module '*.sh' {
  const text: string;
  export default text;
}
declare module '*.cjs' {
  const text: string;
  export default text;
}
declare module '*/needs.mjs' {
  const text: string;
  export default text;
}
declare module '*/bootstrap.mjs' {
  const text: string;
  export default text;
}
declare module '*/attempts.mjs' {
  const text: string;
  export default text;
}
declare module '*.html' {
  const text: string;
  export default text;
}
declare module '*.css' {
  const text: string;
  export default text;
}
declare module '*/page.mjs' {
  const text: string;
  export default text;
}
declare module '*/connection.mjs' {
  const text: string;
  export default text;
}
declare module '*/method.mjs' {
  const text: string;
  export default text;
}
declare module '*/types.mjs' {
  const text: string;
  export default text;
}
