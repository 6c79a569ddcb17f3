/** What replaces parts of debugpy in the process of the program: what belongs together is replaced together, or not at all. Made-up parts are in the place of those of debugpy. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../policy/folder.ts';
import { need, program } from '../require.ts';

const adapters = new URL('../../server/src/debug/adapters/', import.meta.url);
const text = ['python-mend.py', 'python-changes.py'].map((name) => readFileSync(new URL(name, adapters), 'utf8')).join('\n');

/** The parts that are used, each with the classes and functions in it; a class is written as `Class.method`. */
const parts: Readonly<Record<string, readonly string[]>> = {
  pydevd: ['PyDB.handle_breakpoint_condition', 'PyDB.handle_breakpoint_expression', 'PyDB.ignore_system_exit_code'],
  '_pydevd_bundle.pydevd_api': ['PyDevdAPI.add_breakpoint', 'internal_change_variable_json', 'internal_set_expression_json', 'internal_evaluate_expression_json'],
  '_pydevd_bundle.pydevd_comm': ['CMD_RETURN', '_evaluate_response_return_exception'],
  '_pydevd_bundle.pydevd_dont_trace_files': ['DONT_TRACE', 'PYDEV_FILE'],
  '_pydevd_bundle.pydevd_net_command': ['NetCommand'],
  '_pydevd_bundle.pydevd_net_command_factory_json': ['NetCommandFactoryJson.make_io_message'],
  '_pydevd_bundle.pydevd_process_net_command_json': [
    'PyDevJsonCommandProcessor._create_breakpoint_from_add_breakpoint_result', 'PyDevJsonCommandProcessor._get_hit_condition_expression', 'PyDevJsonCommandProcessor.on_setfunctionbreakpoints_request',
    'convert_dap_log_message_to_expression',
  ],
  '_pydevd_bundle.pydevd_runpy': ['run_path'],
  '_pydevd_bundle.pydevd_vars': ['ExceptionOnEvaluate', 'evaluate_expression', 'pydev_log'],
  '_pydevd_bundle._debug_adapter.pydevd_base_schema': ['build_response'],
  '_pydevd_bundle._debug_adapter.pydevd_schema': ['Breakpoint'],
};

/** What is replaced together, and what is needed for it besides. */
const [changing, evaluating] = ['internal_change_variable_json internal_set_expression_json', 'internal_change_variable_json internal_set_expression_json internal_evaluate_expression_json evaluate_expression pydev_log _evaluate_response_return_exception'];
const answers = 'build_response NetCommand CMD_RETURN';
const mends: readonly (readonly [replaced: string, needed: string])[] = [
  [changing, answers],
  [evaluating, `${answers} ExceptionOnEvaluate`],
  [
    'PyDevdAPI.add_breakpoint PyDevJsonCommandProcessor._create_breakpoint_from_add_breakpoint_result PyDevJsonCommandProcessor._get_hit_condition_expression PyDevJsonCommandProcessor.on_setfunctionbreakpoints_request convert_dap_log_message_to_expression PyDB.handle_breakpoint_expression NetCommandFactoryJson.make_io_message PyDB.handle_breakpoint_condition',
    `${answers} Breakpoint`,
  ],
  ['PyDB.ignore_system_exit_code', ''],
  ['run_path DONT_TRACE', 'PYDEV_FILE'],
];
const names = (list: string) => list.split(' ').filter(Boolean);

/** Runs the mend once without each part, and prints which parts were replaced then. */
const RUN = `
import importlib, json, sys
parts, without = json.load(open("parts.json")), json.load(open("without.json"))
def find(module, name):
    owner = importlib.import_module(module)
    *path, last = name.split(".")
    for each in path: owner = getattr(owner, each)
    return owner, last
told = {}
for missing in without:
    for module in parts: sys.modules.pop(module, None)
    before = {}
    for module, names in parts.items():
        for name in names:
            owner, last = find(module, name)
            if name == missing: delattr(owner, last)
            else: before[module, name] = repr(getattr(owner, last))
    exec(compile(open("mend.py").read(), "mend.py", "exec"), {"__file__": "/x/mend.py", "__name__": "mend"})
    told[missing] = [name for (module, name), was in before.items() if repr(getattr(*find(module, name))) != was]
    if missing != "" and any(hasattr(*find(module, name)) for module, names in parts.items() for name in names if name == missing): told[missing] = "made"
print(json.dumps(told))
`;

describe('the mends of debugpy', () => {
  before(need('python3', program('python3')));
  const folder = temporaryFolder();

  it('are each made wholly, or not at all where a part that they need is missing', () => {
    for (const [module, members] of Object.entries(parts)) {
      const classes = new Map<string, string[]>();
      const lines: string[] = [];
      for (const member of members) {
        const [name = '', method] = member.split('.');
        if (method !== undefined) classes.set(name, [...(classes.get(name) ?? []), method]);
        else lines.push(/^[A-Z_]+$/.test(name) ? `${name} = {}` : `def ${name}(*_): pass`);
      }
      for (const [name, methods] of classes) lines.push(`class ${name}:`, ...methods.map((method) => `    def ${method}(*_): pass`));
      const path = join(folder(), `${module.replaceAll('.', '/')}.py`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${lines.join('\n')}\n`);
    }
    const all = Object.values(parts).flat();
    writeFileSync(join(folder(), 'parts.json'), JSON.stringify(parts));
    writeFileSync(join(folder(), 'without.json'), JSON.stringify(['', ...all]));
    writeFileSync(join(folder(), 'mend.py'), text);
    const told = JSON.parse(execFileSync('python3', ['-c', RUN], { cwd: folder(), encoding: 'utf8' })) as Record<string, string[]>;
    for (const missing of ['', ...all]) {
      const made = mends.filter(([replaced, needed]) => !names(`${replaced} ${needed}`).includes(missing)).flatMap(([replaced]) => names(replaced));
      expect(told[missing], missing).to.have.members([...new Set(made)]);
    }
  });
});
