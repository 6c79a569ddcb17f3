/** All programs of the corpus. */
import type { LanguageId } from '../../server/src/protocol/index.ts';
import { csharp } from './programs/csharp.ts';
import { deno } from './programs/deno.ts';
import { go } from './programs/go.ts';
import { javascript } from './programs/javascript.ts';
import { python } from './programs/python.ts';
import { ruby } from './programs/ruby.ts';
import { shellscript } from './programs/shellscript.ts';
import { typescript } from './programs/typescript.ts';
import type { Sample } from './sample.ts';

const corpus: Record<LanguageId, readonly Sample[]> = { python, javascript, typescript, go, csharp, ruby, shellscript };

/** `inDeno`: as it is run by Deno, which has another JavaScript. */
export function corpusOf(language: LanguageId, inDeno: boolean): readonly Sample[] {
  return inDeno && language === 'javascript' ? deno : corpus[language];
}
