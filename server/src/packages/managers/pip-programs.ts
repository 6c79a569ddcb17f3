/** The small Python programs that an installation runs. They need Python 3.8 and nothing else. */

/**
 * Starts the pip of this Python with the Python of the environment, which has none of its own. (pip's own option for
 * that, --python, came with pip 22.3.) Arguments: that Python, RUN_PIP, the arguments of pip.
 */
export const START_PIP = `
import os, pip, sys
other, program, *arguments = sys.argv[1:]
os.execv(other, [other, '-c', program, os.path.dirname(os.path.dirname(os.path.abspath(pip.__file__))), *arguments])
`;

/** Finds pip, and only pip, in the folder that is the first argument. */
export const RUN_PIP = `
import runpy, sys
from importlib.machinery import PathFinder
folder = sys.argv.pop(1)
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [folder], target) if name == 'pip' else None
sys.meta_path.insert(0, Finder)
sys.argv[0] = 'pip'
runpy.run_module('pip', run_name='__main__', alter_sys=True)
`;

/** Prints what the environment has. */
export const LIST = `
import importlib.metadata, json, sys
sys.stdout.write(json.dumps([{'name': each.metadata['Name'], 'version': each.version} for each in importlib.metadata.distributions()]))
`;

/** Writes the dependencies of a pyproject.toml as a file of requirements. Arguments: the one file, the other. */
export const PROJECT = `
import re, sys
try:
    import tomllib
except ImportError:
    try:
        from pip._vendor import tomli as tomllib
    except ImportError:
        sys.exit('ERROR: This Python can not read pyproject.toml. Use Python 3.11 or later, or a requirements.txt.')
with open(sys.argv[1], 'rb') as file:
    try:
        project = tomllib.load(file).get('project')
    except ValueError as fault:
        sys.exit(f'ERROR: pyproject.toml is not valid: {fault}')
if not isinstance(project, dict):
    sys.exit('ERROR: pyproject.toml has no table [project], which says what is to be installed.')
if 'dependencies' in project.get('dynamic', []):
    sys.exit('ERROR: pyproject.toml leaves its dependencies to a program (dynamic). Write them into [project], or use a requirements.txt.')
needed = project.get('dependencies', [])
if not isinstance(needed, list) or not all(isinstance(each, str) for each in needed):
    sys.exit('ERROR: the dependencies of [project] in pyproject.toml are no list of strings.')
for each in needed:
    if not re.match(r'[A-Za-z0-9][\\w.-]*\\s*(\\[[^\\]\\n]*\\])?\\s*[^@/\\\\\\n]*\\Z', each):
        sys.exit(f'ERROR: pyproject.toml: {each!r} is not in a registry. Only packages of registries can be installed.')
with open(sys.argv[2], 'w') as file:
    file.write(''.join(f'{each}\\n' for each in needed))
`;
