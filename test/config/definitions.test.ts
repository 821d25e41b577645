import { describe, expect, it } from 'vitest';
import { definitions, knownModules, servedModules } from '../../src/config/index.js';

describe('definitions', () => {
  it('hold every name once', () => {
    const names = definitions.map(({ name }) => name.toLowerCase());
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.length).toBeGreaterThan(750);
  });

  it('say something about each', () => {
    for (const definition of definitions) {
      expect(definition.doc, definition.name).not.toBe('');
      expect(definition.contexts, definition.name).not.toEqual([]);
      expect(definition.name).toMatch(/^<?[A-Za-z][A-Za-z0-9_]*$/);
    }
  });

  it('carry out what they call honoured, apart from the read phase', () => {
    const idle = definitions.filter((row) => row.class === 'honoured' && !row.apply && !row.open);
    expect(idle.map(({ name }) => name).sort()).toEqual(
      [
        '<IfDefine',
        '<IfDirective',
        '<IfFile',
        '<IfModule',
        '<IfSection',
        '<IfVersion',
        '<Macro',
        'Define',
        'Include',
        'IncludeOptional',
        'ServerRoot',
        'UnDefine',
        'UndefMacro',
        'Use',
      ].sort(),
    );
  });

  it('refuse everything about access, identity and encryption that is missing', () => {
    // What comes with AuthType Form (refused) and the provider ldap (500) may be left out.
    const modules = ['md', 'rewrite'];
    const lax = definitions.filter(
      (row) => modules.includes(row.module) && !['refused', 'honoured'].includes(row.class),
    );
    expect(lax.map(({ name }) => name)).toEqual([]);
    const checks = definitions.filter(({ name }) =>
      /^SSL(OCSP|SRP|FIPS|OpenSSLConfCmd|CryptoDevice)/.test(name),
    );
    expect(checks.length).toBeGreaterThan(10);
    expect(checks.filter((row) => row.class !== 'refused')).toEqual([]);
  });

  it('know which modules are served', () => {
    expect([...servedModules].filter((module) => !knownModules.has(module))).toEqual([]);
    for (const module of [
      'core',
      'alias',
      'authz_core',
      'authz_host',
      'access_compat',
      'mime',
      'wsgi',
      'so',
      'mpm_event',
      'headers',
    ])
      expect(servedModules).toContain(module);
    for (const module of ['mpm_prefork']) expect(servedModules).not.toContain(module);
  });
});
