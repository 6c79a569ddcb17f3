/** What a project and a sandbox say takes time in proportion to its length, and breaks nothing. */
import { expect } from 'chai';
import { managers } from '../../../server/src/packages/managers/index.ts';
import { gather } from '../indexes/install.ts';

const manifests: Readonly<Record<string, readonly string[]>> = {
  'requirements.txt': [' ', '\t#', '\\\n', '\n', 'a\\\n', '-', '--hash ', '[', 'a,', ';', '=', '"'],
  'package.json': ['[', '{"a":', ' '],
  Gemfile: ['\n', ' ', 'git ', 'path ', '#', 'git\n', ' git : ', 'gem '],
  'go.mod': ['\n', ' ', 'replace ', '=> ', 'a ', '/'],
};
const answers = ['npm error code ETARGET\n', 'npm error path a/node_modules/', 'npm error code E404 ', "Could not find gem 'a' in ", 'gyp ERR! not ok', 'npm error code EUSAGE ', "Could not find a version that satisfies the requirement a ", 'go: a.b/c@v1: ', 'a@a', 'module a: ', '\n', ' ', "'", 'ERROR: ', 'a.b@', 'requires go ', 'command \'', '\u001b[', 'error: '];

describe('hostile text', function () {
  this.timeout(60_000);

  for (const manager of managers) {
    it(`in what ${manager.id} reads is refused or taken`, async () => {
      for (const name of manager.manifests.filter((each) => each in manifests)) {
        for (const part of manifests[name] ?? []) await gather(manager, { [name]: part.repeat(500_000 / part.length) }).catch((fault: Error) => expect(fault).to.have.property('kind', 'InvalidParams'));
      }
      for (const part of manifests['requirements.txt'] ?? []) expect(() => manager.checkNames([part.repeat(100_000)])).to.throw();
    });

    it(`in what ${manager.id} prints has a meaning or none`, () => {
      for (const part of answers) expect(['string', 'undefined']).to.include(typeof manager.explain(part.repeat(100_000 / part.length), undefined));
    });

    it(`in what ${manager.id} says is installed is refused`, () => {
      const list = manager.list({ names: [], manifest: undefined, home: '/h', scratch: '/h/s', registries: [], variables: {} });
      for (const text of ['', 'null', '3', '[', '[null]', '[{}]', '[{"name":"a"}]', '[{"name":"a\\n","version":"1"}]', `[${'{"name":"a","version":"1"},'.repeat(30_000)}{}]`, `{"Path":"a","Version":"${'1'.repeat(20_000)}"\n}\n`]) {
        try {
          expect(list.read(text)).to.deep.equal([]);
        } catch (fault) {
          expect(fault).to.be.instanceOf(Error);
        }
      }
    });
  }
});
