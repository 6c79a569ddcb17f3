/**
 * Interpreters started ahead. Each has a hook that runs when the interpreter is ready and has not looked at the
 * program yet: Python imports `sitecustomize` at the end of its own start, Node and Ruby what `-r` names. The hook
 * waits for the order (order.ts), makes it so, and leaves no trace; then the interpreter goes on to the program by
 * itself, with no frame of ours below it. Its file has to be known before, but for Node, which is given a link.
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
