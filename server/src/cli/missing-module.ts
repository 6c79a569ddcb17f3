/** Which package has a module that a program did not find, as far as its message tells. */
import type { LanguageId } from '../protocol/index.ts';

/** Modules of Python whose package has another name. */
const python: Readonly<Record<string, string>> = {
  attr: 'attrs', bs4: 'beautifulsoup4', Crypto: 'pycryptodome', cv2: 'opencv-python', dateutil: 'python-dateutil', docx: 'python-docx', dotenv: 'python-dotenv', fitz: 'PyMuPDF',
  git: 'GitPython', google: 'protobuf', jose: 'python-jose', jwt: 'PyJWT', Levenshtein: 'python-Levenshtein', lxml: 'lxml', magic: 'python-magic', markdown: 'Markdown',
  MySQLdb: 'mysqlclient', nacl: 'PyNaCl', OpenSSL: 'pyOpenSSL', osgeo: 'GDAL', PIL: 'Pillow', pkg_resources: 'setuptools', pptx: 'python-pptx', psycopg2: 'psycopg2-binary',
  pymupdf: 'PyMuPDF', PyQt5: 'PyQt5', rest_framework: 'djangorestframework', serial: 'pyserial', skimage: 'scikit-image', sklearn: 'scikit-learn', slugify: 'python-slugify',
  socks: 'PySocks', telegram: 'python-telegram-bot', usb: 'pyusb', win32api: 'pywin32', yaml: 'PyYAML', zmq: 'pyzmq', Xlib: 'python-xlib', ruamel: 'ruamel.yaml', wx: 'wxPython',
};

/** Files of Ruby whose gem has another name. */
const ruby: Readonly<Record<string, string>> = { active_support: 'activesupport', active_record: 'activerecord', bcrypt: 'bcrypt', mysql2: 'mysql2', 'rack/test': 'rack-test', 'google/protobuf': 'google-protobuf' };

type Reader = (output: string) => string | undefined;

/** The first part of a path, or the first two where it is a scope of npm. */
const ofPath = (path: string): string | undefined => /^(?:@[^/\s]+\/)?[^/@.\s][^/\s]*/.exec(path)?.[0];

const ofNode: Reader = (output) => {
  const [, name = ''] = /Cannot find (?:module|package) '([^']+)'/.exec(output) ?? [];
  return name.startsWith('node:') ? undefined : ofPath(name);
};

const readers: Partial<Record<LanguageId, Reader>> = {
  python: (output) => {
    const [, name = ''] = /No module named '?([A-Za-z_]\w*)/.exec(output) ?? [];
    return name === '' ? undefined : (python[name] ?? name);
  },
  javascript: ofNode,
  typescript: ofNode,
  ruby: (output) => {
    const [, path = ''] = /cannot load such file -- ([\w./-]+)/.exec(output) ?? [];
    if (path === '' || path.startsWith('.') || path.startsWith('/')) return undefined;
    return ruby[path] ?? ruby[path.split('/')[0] ?? ''] ?? path.split('/')[0];
  },
  go: (output) => /no required module provides package ([\w./~-]+)/.exec(output)?.[1],
};

/** undefined: it names none, or one that no registry can have. */
export function packageOfMissing(language: LanguageId, output: string): string | undefined {
  return readers[language]?.(output);
}
