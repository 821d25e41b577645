import { describe, expect, it } from 'vitest';
import { describeMedia, type ExtensionMeaning, type MediaRules } from '../../src/files/media.js';

const extensions = (meanings: Record<string, ExtensionMeaning>) => ({
  extensions: new Map(Object.entries(meanings)),
});

describe('the media type of a file', () => {
  it.each<[string, MediaRules, string | undefined]>([
    ['page.html', {}, 'text/html'],
    ['PAGE.HTML', {}, 'text/html'],
    ['page.html.old', {}, 'text/html'],
    ['a.txt.html', {}, 'text/html'],
    ['.html', {}, undefined],
    ['html', {}, undefined],
    ['script.mjs', {}, 'text/javascript'],
    ['page.html', { types: new Map([['txt', 'text/plain']]) }, undefined],
    ['page.html', extensions({ html: { type: '' } }), undefined],
    ['a.txt.html', extensions({ html: { type: '' } }), 'text/plain'],
    ['a.new', extensions({ new: { type: 'text/x-new' } }), 'text/x-new'],
    ['a.html.u8', extensions({ u8: { charset: 'utf-8' } }), 'text/html; charset=utf-8'],
    ['a.u8', extensions({ u8: { charset: 'utf-8' } }), undefined],
    ['a.css', { defaultCharset: 'utf-8' }, 'text/css'],
    ['a.txt', { defaultCharset: 'utf-8' }, 'text/plain; charset=utf-8'],
    ['a.txt', { defaultCharset: '' }, 'text/plain'],
    [
      'a.t',
      { ...extensions({ t: { type: 'text/plain; Charset=x' } }), defaultCharset: 'utf-8' },
      'text/plain; Charset=x',
    ],
    ['a.html', { forceType: 'text/plain' }, 'text/plain'],
    ['a.html', { forceType: 'none' }, 'text/html'],
  ])('%s with %o is %s', (name, rules, type) => {
    expect(describeMedia(`/a.b/${name}`, rules).type).toBe(type);
  });

  it('tells encodings and languages in the order of the extensions', () => {
    const rules = extensions({
      gz: { encoding: 'x-gzip' },
      z: { encoding: 'x-compress' },
      en: { language: 'en' },
      de: { language: 'de' },
      none: { language: '' },
    });
    expect(describeMedia('/a.html.de.Z.en.gz', rules).others).toEqual([
      'Content-Encoding',
      'x-compress, x-gzip',
      'Content-Language',
      'de,en',
    ]);
    const withDefault = { ...rules, defaultLanguage: 'fr' };
    expect(describeMedia('/a.html.none', withDefault).others).toEqual(['Content-Language', 'fr']);
    expect(describeMedia('/a.html.en', withDefault).others).toEqual(['Content-Language', 'en']);
  });
});
