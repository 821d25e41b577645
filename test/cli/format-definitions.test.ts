import { describe, expect, it } from 'vitest';
import { formatDirectives, formatModules, type PrintedDefinition } from '../../src/cli/index.js';

const definitions: readonly PrintedDefinition[] = [
  {
    name: 'ServerName',
    module: 'core',
    contexts: ['server', 'virtual-host'],
    arguments: 'host[:port]',
    doc: 'Name of the server.',
    class: 'honoured',
  },
  {
    name: '<Directory',
    module: 'core',
    contexts: ['server', 'virtual-host'],
    arguments: 'path',
    doc: 'Settings for a directory.',
    class: 'honoured',
  },
  {
    name: 'AcceptFilter',
    module: 'http',
    contexts: ['server'],
    arguments: '',
    doc: 'Filter.',
    class: 'accepted',
  },
  {
    name: 'SSLRequireSSL',
    module: 'ssl',
    contexts: ['section'],
    arguments: '',
    doc: 'TLS only.',
    class: 'refused',
  },
  {
    name: 'SetEnv',
    module: 'env',
    contexts: ['server', 'virtual-host', 'section'],
    arguments: 'name [value]',
    doc: 'Sets a variable.',
    class: 'honoured',
  },
];

describe('-L', () => {
  it('explains each directive in Apache’s manner', () => {
    expect(formatDirectives(definitions)).toBe(
      [
        'ServerName (core)',
        '\tName of the server.',
        '\tServerName host[:port]',
        '\tAllowed in *.conf only outside <Directory>, <Files> or <Location>',
        '<Directory (core)',
        '\tSettings for a directory.',
        '\t<Directory path>',
        '\tAllowed in *.conf only outside <Directory>, <Files> or <Location>',
        'AcceptFilter (http)',
        '\tFilter.',
        '\tAcceptFilter',
        '\tAllowed in *.conf only outside <VirtualHost>, <Directory>, <Files> or <Location>',
        '\tAccepted; there is nothing for it to do in modhost',
        'SSLRequireSSL (ssl)',
        '\tTLS only.',
        '\tSSLRequireSSL',
        '\tAllowed in *.conf only inside <Directory>, <Files> or <Location>',
        '\tNot carried out: modhost refuses to start with it',
        'SetEnv (env)',
        '\tSets a variable.',
        '\tSetEnv name [value]',
        '\tAllowed in *.conf anywhere',
        '',
      ].join('\n'),
    );
  });
});

describe('-M', () => {
  it('lists the modules of which something is carried out', () => {
    expect(formatModules(['core', 'env'])).toBe(
      'Loaded Modules:\n core_module (static)\n env_module (static)\n',
    );
  });
});
