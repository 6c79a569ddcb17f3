/** A digest of a text, as 32 hexadecimal digits. It is not cryptographic: somebody can construct two texts with the same digest. */

/** FNV-1a with four seeds. Loading node:crypto instead would slow down every start. */
export function digest(text: string): string {
  return [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35].map((seed) => hash(text, seed).toString(16).padStart(8, '0')).join('');
}

function hash(text: string, seed: number): number {
  let state = seed;
  for (let at = 0; at < text.length; at++) state = mix(state ^ text.charCodeAt(at));
  return state >>> 0;
}

function mix(state: number): number {
  const product = Math.imul(state, 0x01000193);
  return product ^ (product >>> 15);
}
