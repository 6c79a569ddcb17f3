/** The language that the first line of a file names (L4). */
import { expect } from 'chai';
import { languageOfShebang } from '../../server/src/cli/shebang.ts';

const lines: Record<string, string | undefined> = {
  '#!/bin/sh': 'shellscript',
  '#!/bin/bash -e': 'shellscript',
  '#! /usr/bin/env python3.12': 'python',
  '#!/usr/bin/env -S python3 -u': 'python',
  '#!/usr/bin/env A=1 ruby': 'ruby',
  '#!/usr/bin/node': 'javascript',
  '#!/usr/bin/env -S deno run -A': 'typescript',
  '#!/usr/bin/env dotnet': 'csharp',
  '\uFEFF#!/usr/bin/python': 'python',
  '#!/usr/bin/perl': undefined,
  '#!': undefined,
  '# python': undefined,
  '': undefined,
  '\n#!/bin/sh': undefined,
};

describe('the first line of a file', () => {
  for (const [line, language] of Object.entries(lines)) {
    it(`${JSON.stringify(line)} says ${language ?? 'nothing'}`, () => expect(languageOfShebang(Buffer.from(`${line}\nrest`))).to.equal(language));
  }
});
