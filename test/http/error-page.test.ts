import { describe, expect, it } from 'vitest';
import { errorPage, htmlEscape, reasonPhrase } from '../../src/http/index.js';

describe('reasonPhrase', () => {
  it.each([
    [302, 'Found'],
    [303, 'See Other'],
    [408, 'Request Timeout'],
    [413, 'Request Entity Too Large'],
    [414, 'Request-URI Too Long'],
    [416, 'Requested Range Not Satisfiable'],
    [417, 'Expectation Failed'],
    [421, 'Misdirected Request'],
    [504, 'Gateway Timeout'],
    [299, ''],
  ])('%i %s', (status, phrase) => {
    expect(reasonPhrase(status)).toBe(phrase);
  });
});

describe('errorPage', () => {
  it('has a title, a heading and one paragraph', () => {
    const page = errorPage(404, {});
    expect(page).toMatch(/^<!DOCTYPE HTML PUBLIC "-\/\/W3C\/\/DTD HTML 4\.01\/\/EN"/);
    expect(page).toContain('<title>404 Not Found</title>');
    expect(page).toContain('<h1>Not Found</h1>');
    expect(page.match(/<p>/g)).toHaveLength(1);
    expect(page).not.toContain('<address>');
  });
  it('escapes what it is given', () => {
    const signature = { software: 'modhost/"1" & <y>', name: '<n>', port: 81, admin: '"a' };
    const page = errorPage(405, { method: '<b>', signature });
    expect(page).not.toMatch(/<b>|<y>/);
    expect(page).toContain('&#60;b&#62;');
    expect(page).toContain(
      '<hr>\n<address>modhost/&#34;1&#34; &#38; &#60;y&#62; Server at <a href="mailto:&#34;a">&#60;n&#62;</a> Port 81</address>',
    );
  });
  it('says what became of the page that was to be shown', () => {
    expect(errorPage(404, { secondStatus: 403 })).toMatch(/<p>Additionally, .* 403 Forbidden\.<\/p>/);
  });
  it('has words for a status nobody knows', () => {
    expect(errorPage(499, {})).toContain('<title>499 Error</title>');
  });
  it('is plain ASCII for every status', () => {
    for (let status = 300; status < 600; status += 1)
      expect(errorPage(status, {})).toMatch(/^[\n\x20-\x7e]+$/);
  });
});

describe('htmlEscape', () => {
  it('leaves nothing that ends a quoted attribute', () => {
    expect(htmlEscape(`"'<>&`)).toBe('&#34;&#39;&#60;&#62;&#38;');
  });
});
