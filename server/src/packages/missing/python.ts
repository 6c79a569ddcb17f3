/** Names of Python modules whose packages are called otherwise. Where a module is in no table, its package has the same name. */

/** The longest name that fits counts: `google.protobuf` before `google`. */
export const packageOf: Readonly<Record<string, string>> = {
  Bio: 'biopython', Crypto: 'pycryptodome', Cryptodome: 'pycryptodomex', Image: 'Pillow', Levenshtein: 'python-Levenshtein', MySQLdb: 'mysqlclient',
  OpenGL: 'PyOpenGL', OpenSSL: 'pyOpenSSL', PIL: 'Pillow', Xlib: 'python-xlib', absl: 'absl-py', apt: 'python-apt', attr: 'attrs',
  bs4: 'beautifulsoup4', bson: 'pymongo', cairo: 'pycairo', can: 'python-can', cassandra: 'cassandra-driver', community: 'python-louvain',
  consul: 'python-consul', cpuinfo: 'py-cpuinfo', cv2: 'opencv-python', dateutil: 'python-dateutil', dbus: 'dbus-python', decouple: 'python-decouple', discord: 'discord.py',
  dns: 'dnspython', docx: 'python-docx', dotenv: 'python-dotenv', editor: 'python-editor', engineio: 'python-engineio', escpos: 'python-escpos', etcd: 'python-etcd', faiss: 'faiss-cpu',
  ffmpeg: 'ffmpeg-python', fitz: 'PyMuPDF', flask_cors: 'Flask-Cors', flask_login: 'Flask-Login', flask_migrate: 'Flask-Migrate', flask_sqlalchemy: 'Flask-SQLAlchemy', flask_wtf: 'Flask-WTF',
  fuse: 'fusepy', genshi: 'Genshi', gi: 'PyGObject', git: 'GitPython', github: 'PyGithub', gitlab: 'python-gitlab', gnupg: 'python-gnupg', 'google.api_core': 'google-api-core', 'google.auth': 'google-auth',
  'google.cloud.bigquery': 'google-cloud-bigquery', 'google.cloud.pubsub': 'google-cloud-pubsub', 'google.cloud.storage': 'google-cloud-storage', 'google.generativeai': 'google-generativeai',
  'google.protobuf': 'protobuf', googleapiclient: 'google-api-python-client', grpc: 'grpcio', grpc_status: 'grpcio-status', hcl2: 'python-hcl2', imblearn: 'imbalanced-learn',
  jnius: 'pyjnius', jose: 'python-jose', jwt: 'PyJWT', kafka: 'kafka-python', keycloak: 'python-keycloak', ldap: 'python-ldap', magic: 'python-magic', markdown: 'Markdown',
  markdown_it: 'markdown-it-py', memcache: 'python-memcached', mpl_toolkits: 'matplotlib', multipart: 'python-multipart', mysql: 'mysql-connector-python', nacl: 'PyNaCl', nmap: 'python-nmap',
  odf: 'odfpy', osgeo: 'GDAL', paho: 'paho-mqtt', pcap: 'pypcap', pkg_resources: 'setuptools', pptx: 'python-pptx', psycopg2: 'psycopg2-binary', pyaudio: 'PyAudio', pylab: 'matplotlib', pymupdf: 'PyMuPDF',
  pythoncom: 'pywin32', pywintypes: 'pywin32', rest_framework: 'djangorestframework', ruamel: 'ruamel.yaml', serial: 'pyserial', skimage: 'scikit-image', sklearn: 'scikit-learn',
  slugify: 'python-slugify', smartcard: 'pyscard', snappy: 'python-snappy', socketio: 'python-socketio', socks: 'PySocks', sklearn_crfsuite: 'sklearn-crfsuite', speech_recognition: 'SpeechRecognition', sqlalchemy: 'SQLAlchemy',
  tabula: 'tabula-py', telegram: 'python-telegram-bot', tlz: 'toolz', umap: 'umap-learn', usb: 'pyusb', vlc: 'python-vlc', websocket: 'websocket-client', werkzeug: 'Werkzeug', whois: 'python-whois', win32api: 'pywin32', win32com: 'pywin32',
  wx: 'wxPython', yaml: 'PyYAML', zmq: 'pyzmq',
};

/** Modules that come with Python and are missing where it was built without them, or is too new. No package has them. */
export const ownOfPython: ReadonlySet<string> = new Set([
  'asynchat', 'asyncore', 'bz2', 'cgi', 'cgitb', 'crypt', 'ctypes', 'curses', 'dbm', 'distutils', 'ensurepip', 'idlelib', 'imghdr', 'imp', 'lib2to3', 'lzma', 'msilib', 'msvcrt', 'nis', 'nntplib', 'ossaudiodev', 'pipes',
  'readline', 'sndhdr', 'spwd', 'sqlite3', 'ssl', 'sunau', 'telnetlib', 'tkinter', 'tomllib', 'turtle', 'urllib2', 'uu', 'venv', 'winreg', 'winsound', 'xdrlib', 'zoneinfo',
  'ConfigParser', 'Queue', 'StringIO', 'Tkinter', 'cPickle', 'httplib', 'urlparse',
]);
