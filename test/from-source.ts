/** Arguments for a Node that runs files of this project from source. */
export const fromSource = ['--import', new URL('../server/scripts/from-source.mjs', import.meta.url).href] as const;
