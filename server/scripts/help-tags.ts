/** Makes Neovim's list of tags for the help of the plugin, so that `:help codebeaker` works without `:helptags`. */

/** @param help the text of the help file `name` */
export function helpTags(name: string, help: string): string {
  const tags = [...help.matchAll(/(?<=^|\s)\*([^\s*|]+)\*(?=\s|$)/gm)].map(([, tag]) => tag as string);
  // Neovim finds a tag by a binary search.
  const sorted = [...new Set(tags)].sort((a, b) => (a < b ? -1 : 1));
  return sorted.map((tag) => `${tag}\t${name}\t/*${tag.replace(/[\\/]/g, '\\$&')}*\n`).join('');
}
