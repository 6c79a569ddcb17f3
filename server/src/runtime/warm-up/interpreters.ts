/**
 * Interpreters that are started before it is known which program they will run. Each is started with a hook: code that
 * the interpreter runs at the end of its own start, before it reads the program. In Python that is a module named
 * `sitecustomize`, in Node and Ruby a file that the option `-r` names. The hook waits for the order (order.ts), carries
 * it out and removes every trace of itself; then the interpreter runs the program, with no stack frame of the hook below
 * it. Python and Ruby must be given the path of the program's file at their start. Node is given the path of a link that
 * the hook makes.
 */
import type { WarmUp } from '../ports.ts';
import nodeHook from './node.cjs' with { type: 'text' };
import pythonHook from './python.py' with { type: 'text' };
import rubyHook from './ruby.rb' with { type: 'text' };

export const warmPython = (tool: string): WarmUp => ({
  takes: { file: false, env: true, args: true },
  start: (file, scratch) => ({
    command: [tool, '-u', file],
    env: { PYTHONPATH: scratch },
    files: { [`${scratch}/sitecustomize.py`]: pythonHook },
  }),
});

export const warmNode: WarmUp = {
  takes: { file: true, env: true, args: true },
  start: (_file, scratch) => ({
    command: ['node', '-r', `${scratch}/hook.cjs`, `${scratch}/main.js`],
    env: {},
    files: { [`${scratch}/hook.cjs`]: nodeHook },
  }),
};

export const warmRuby: WarmUp = {
  takes: { file: false, env: true, args: true },
  start: (file, scratch) => ({
    command: ['ruby', '-r', `${scratch}/hook.rb`, file],
    env: {},
    files: { [`${scratch}/hook.rb`]: rubyHook },
  }),
};
