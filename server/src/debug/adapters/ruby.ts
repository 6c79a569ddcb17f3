/** Ruby, with the gem debug of the sandbox: it is a part of Ruby since 3.1. It runs in the process of the program. */
import type { DebugLanguage } from '../adapter.ts';
import debug from './ruby-debug.rb' with { type: 'text' };
import { RubyMend } from './ruby-mend.ts';
import values from './ruby-values.rb' with { type: 'text' };

export const ruby: DebugLanguage = {
  language: 'ruby',
  capabilities: [
    'supportsConfigurationDoneRequest', 'supportsConditionalBreakpoints', 'supportsHitConditionalBreakpoints', 'supportsLogPoints', 'supportsFunctionBreakpoints', 'supportsExceptionInfoRequest',
    'supportsSetVariable', 'supportsSetExpression', 'supportsEvaluateForHovers', 'supportsCompletionsRequest', 'supportsTerminateRequest',
  ],
  inProgram: true,
  waits: () => 'forProgram',
  hint: 'use an image with Ruby 3.1 or later (ruby:slim), or install the gem debug in its image (gem install debug)',
  // What has Ruby has it.
  offered: async () => true,

  async find({ files, interpreter, scratch, run }) {
    const { code, stdout } = await run([interpreter, '-e', 'gem "debug", ">= 1.4"; require "debug/version"; puts "debug #{DEBUGGER__::VERSION} #{RUBY_VERSION}"']);
    const [, version, ruby = ''] = /^debug (\S{1,60}) (\d[\d.]{1,20})\n$/.exec(stdout) ?? [];
    if (code !== 0 || version === undefined) return { missing: 'Ruby in this sandbox has no gem debug, or one before 1.4' };
    const file = `${scratch}/ruby-debug.rb`;
    for (const [name, text] of [[file, debug], [`${scratch}/ruby-values.rb`, values]] as const) await files.write(name, Buffer.from(text), { mode: 'create', executable: undefined });
    return {
      name: 'debug',
      version,
      command: (port, { program, args, options, stopOnEntry, justMyCode }) =>
        [interpreter, ...options, '-I', `${scratch}/debug/${[port, ...(stopOnEntry ? ['entry'] : []), ...(justMyCode ? ['mine'] : [])].join('-')}`, '-r', file, program, ...args],
      env: () => ({}),
      // What was written while it waited counts only where Ruby reads the program anew (ruby-debug.rb). That was tried with this version.
      ...(/^3\.1\./.test(ruby) ? { wake: '' } : {}),
    };
  },

  launch: () => ({ localfs: true }),

  mends: ({ stopOnEntry }) => (sides) => new RubyMend(sides, stopOnEntry),
};
