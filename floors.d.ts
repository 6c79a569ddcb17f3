export function importFault(file: string, name: string): string | undefined;
export function homesOf(name: string): string[];
